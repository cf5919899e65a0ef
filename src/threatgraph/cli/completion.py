"""``threatgraph completion``: print a completion script for a shell.

The scripts are short: they pass the words of the command line to ``threatgraph complete``.
"""

from __future__ import annotations

from threatgraph.cli.options import Options
from threatgraph.cli.output import write
from threatgraph.cli.parser import Parser

_BASH = r"""# Completion of threatgraph for bash: source this file, or write it to
# ~/.local/share/bash-completion/completions/threatgraph
_threatgraph() {
    local line="${COMP_LINE:0:COMP_POINT}" words=() replies=() name text current lead
    read -ra words <<< "$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    current="${words[-1]}"
    # bash breaks words at these characters, and replaces only what follows the last one
    lead="${current%"${current##*[:=]}"}"
    COMPREPLY=()
    while IFS=$'\t' read -r name text; do
        if [[ "$name" == :files ]]; then
            compopt -o filenames 2> /dev/null
            while IFS= read -r name; do replies+=("$name"); done < <(compgen -f -- "${current#"$lead"}")
            COMPREPLY=("${replies[@]}")
            return
        fi
        [[ "$name" == *= ]] && compopt -o nospace 2> /dev/null
        replies+=("${name:${#lead}}")
    done < <("${words[0]}" complete -- "${words[@]:1}" 2> /dev/null)
    COMPREPLY=("${replies[@]}")
}
complete -F _threatgraph threatgraph
"""
_ZSH = r"""#compdef threatgraph
# Completion of threatgraph for zsh: write this file to a folder of $fpath, with the name _threatgraph
_threatgraph() {
    local -a names open shown
    local name text
    while IFS=$'\t' read -r name text; do
        if [[ "$name" == :files ]]; then
            _files
            return
        fi
        if [[ "$name" == *= ]]; then
            open+=("$name")
        else
            names+=("$name")
            shown+=("$name${text:+  -- $text}")
        fi
    done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2> /dev/null)
    (( $#open )) && compadd -S '' -a open
    (( $#names )) && compadd -M 'm:{a-z}={A-Z}' -l -d shown -a names
}
if [[ "$funcstack[1]" == _threatgraph ]]; then
    _threatgraph "$@"
else
    compdef _threatgraph threatgraph
fi
"""
_FISH = r"""# Completion of threatgraph for fish: write this file to ~/.config/fish/completions/threatgraph.fish
function __threatgraph_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] "$current" 2> /dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c threatgraph -f -a '(__threatgraph_complete)'
"""
#: The shells, each with its script.
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


class CompletionOptions(Options):
    """The options of ``threatgraph completion``."""

    shell: str


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=CompletionOptions)
    parser.add_argument("shell", metavar="SHELL", choices=SCRIPTS, help="one of %(choices)s")
    parser.add_examples(
        "source <(threatgraph completion bash)",
        "threatgraph completion zsh > ~/.zfunc/_threatgraph",
        "threatgraph completion fish > ~/.config/fish/completions/threatgraph.fish",
    )


def execute(options: CompletionOptions) -> int:
    """Print a completion script."""
    write(SCRIPTS[options.shell], options)
    return 0
