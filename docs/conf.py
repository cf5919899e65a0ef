"""Configuration of the documentation site; `docs/build` builds it."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))
# Notebooks call `threatgraph` as a reader would: the one beside this Python comes first on the path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
# Output has the width and the form of a plain terminal, whatever terminal the build runs in.
os.environ["DOCS_CHECKOUT"] = str(DOCS.parent)
os.environ["JUPYTER_PATH"] = str(DOCS / "sitegen" / "jupyter")
os.environ.update(COLUMNS="80", NO_COLOR="1", THREATGRAPH_CACHE="off", PYTHONWARNINGS="ignore")

project = "threatgraph"
author = "threatgraph maintainers"
project_copyright = "threatgraph maintainers; documentation under CC BY 4.0"
release = version = installed_version("threatgraph")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["sitegen", "README.md"]
# Pygments does not know all of the path syntax of SPARQL 1.1; it then highlights what it knows.
suppress_warnings = ["misc.highlighting_failure"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Notebooks are stored without outputs and run at each build. A cell that fails is a warning with its traceback, which
# `-W` makes an error.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_show_tb = True
nb_execution_timeout = 120
nb_merge_streams = True

# Two hyphens are two hyphens: the help of options is full of them.
smartquotes = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "threatgraph"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Generate the reference and the figures before Sphinx reads the pages."""
    from sitegen import generate

    app.connect("builder-inited", lambda _: generate(DOCS))
