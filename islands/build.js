// Bundles each island into src/threatgraph/web/static, where it is committed: a fresh machine needs no Node.
//
// node build.js [FOLDER]   writes the scripts to another folder, for comparison.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = resolve(process.argv[2] ?? join(HERE, "../src/threatgraph/web/static"));

// The bundles by name: an island is a line here, and a folder of `src`. Those of pages are classic scripts, since
// browsers load no modules for a page that was opened as a file.
const PAGES = {
  explore: "src/explore/page.ts",
  "sparql-editor": "src/sparql/page.ts",
};
const WORKERS = {
  "sparql-worker": "src/sparql/worker.ts",
};

// Packages whose compiled files are shipped beside the bundles.
const BINARIES = { "oxigraph.wasm": "oxigraph/web_bg.wasm" };

// Packages without a license file, with the license that is chosen.
const CHOSEN = {
  oxigraph: "MIT OR Apache-2.0; used here under Apache-2.0, whose text is at https://www.apache.org/licenses/LICENSE-2.0",
};

async function bundle(entryPoints, format) {
  const { metafile } = await build({
    absWorkingDir: HERE,
    entryPoints,
    outdir: TARGET,
    bundle: true,
    minify: true,
    format,
    target: "es2022",
    charset: "utf8",
    legalComments: "none", // LICENSES.txt has them
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs);
}

function compress() {
  for (const [name, source] of Object.entries(BINARIES)) {
    const file = join(TARGET, `${name}.xz`);
    const original = join(HERE, "node_modules", source);
    const options = { maxBuffer: 1 << 26 };
    // Versions of xz give different bytes for one content.
    const isCurrent = existsSync(file) && execFileSync("xz", ["-dc", file], options).equals(readFileSync(original));
    if (!isCurrent) writeFileSync(file, execFileSync("xz", ["-9e", "-c", original], options));
  }
}

function packageOf(path) {
  const found = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/);
  return found ? found[1] : undefined;
}

function licenseOf(name) {
  const folder = join(HERE, "node_modules", name);
  const { version, license, homepage, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file && !CHOSEN[name]) throw new Error(`${name} has no license file`);
  const text = file ? readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim() : CHOSEN[name];
  const source = homepage ?? repository?.url?.replace(/^git\+/, "") ?? `https://www.npmjs.com/package/${name}`;
  return `${name} ${version} (${license})\n${source}\n\n${text}\n`;
}

function list(inputs) {
  const names = new Set([...inputs, ...Object.values(BINARIES).map((one) => `node_modules/${one}`)].map(packageOf));
  names.delete(undefined);
  const parts = [...names].sort().map(licenseOf);
  const title = "The scripts in this folder include the packages below, and parts of them.\n";
  writeFileSync(join(TARGET, "LICENSES.txt"), [title, ...parts].join(`\n${"-".repeat(80)}\n\n`));
}

mkdirSync(TARGET, { recursive: true });
const inputs = [...(await bundle(PAGES, "iife")), ...(await bundle(WORKERS, "esm"))];
if (!process.argv[2]) compress();
list(inputs);
