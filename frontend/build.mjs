// Builds the page's modules and styles from src/ and writes them, their licences and a manifest
// that maps the names of the entry points to those of the built files. Run by hatch_build.py:
//   node build.mjs [FOLDER]
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const ENTRY_POINTS = ["main.js", "page.css"];
const BROWSERS = ["chrome120", "edge120", "firefox121", "safari17.2"];
const LICENCE = /(^|-)(licen[cs]e|notice|copying)(\.(txt|md))?$/i;
// Packages that others carry in their own files, in versions that they do not tell; preact is
// installed for its licence alone.
const CARRIED = {
  "@ui5/webcomponents-base": ["preact"],
  "@ui5/webcomponents-theming": ["@sap-theming/theming-base-content"],
};

async function bundle() {
  return build({
    absWorkingDir: HERE,
    entryPoints: ENTRY_POINTS.map((name) => join("src", name)),
    outdir: "static",
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    bundle: true,
    preserveSymlinks: true, // node_modules may be a link
    splitting: true,
    format: "esm",
    target: BROWSERS,
    minify: true,
    legalComments: "external",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
}

/** The built file of each entry point; those of dynamic imports are none. */
function manifestOf({ outputs }) {
  return Object.fromEntries(
    ENTRY_POINTS.map((name) => {
      const built = Object.keys(outputs).find((path) => outputs[path].entryPoint === `src/${name}`);
      return [name, basename(built)];
    }),
  );
}

/** The packages that something in the built files comes from, with the texts of their licences. */
function packagesOf({ outputs }) {
  const found = new Map();
  const add = (name, from) => {
    const top = `node_modules/${name}`;
    if (!found.has(name)) {
      const { version, license } = JSON.parse(readFileSync(join(HERE, top, "package.json")));
      const told = from ? ` ${version}` : "";
      found.set(name, { title: `${name}${told} (${license})`, texts: new Set() });
    }
    addLicences(found.get(name).texts, from ?? top, top);
  };
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
      if (!name || bytesInOutput === 0) continue;
      add(name, dirname(path));
      for (const carried of CARRIED[name] ?? []) add(carried);
    }
  }
  return [...found.keys()].sort().map((name) => found.get(name));
}

/** Adds the licence files beside a bundled file and in the folders above it, up to its package. */
function addLicences(texts, from, top) {
  for (let folder = from; folder.startsWith(top); folder = dirname(folder)) {
    for (const name of readdirSync(join(HERE, folder))) {
      if (LICENCE.test(name)) texts.add(readFileSync(join(HERE, folder, name), "utf8").trim());
    }
  }
}

/** What the licences ask for: each package, each text once, and the notices in the files. */
function thirdParty(packages, comments) {
  const bare = packages.filter(({ texts }) => texts.size === 0).map(({ title }) => title);
  if (bare.length > 0) throw new Error(`No licence file in ${bare.join(", ")}.`);
  const holders = new Map();
  for (const { title, texts } of packages) {
    for (const text of texts) holders.set(text, [...(holders.get(text) ?? []), title]);
  }
  const rule = "-".repeat(79);
  const sections = [...holders].map(([text, titles]) => `${titles.join("\n")}\n\n${text}`);
  const heading = "The web page of Keysteward contains parts of other packages, under these licences.";
  const notices = [...comments].sort().map((comment) => `Notice in the files:\n\n${comment}`);
  return `${[heading, ...sections, ...notices].join(`\n\n${rule}\n`)}\n`;
}

/** Takes the place of the folder in one step, so that a build that fails leaves the former one. */
function replaceFolder(folder, files) {
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  for (const [name, contents] of files) writeFileSync(join(fresh, name), contents);
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  renameSync(fresh, folder);
}

function kilobytes(files) {
  const sizes = files.map((contents) => [contents.length, gzipSync(contents).length]);
  const [plain, packed] = [0, 1].map((at) => sizes.reduce((sum, size) => sum + size[at], 0));
  return `${Math.ceil(plain / 1000)} kB (${Math.ceil(packed / 1000)} kB compressed)`;
}

const folder = resolve(process.argv[2] ?? join(HERE, "../src/keysteward/ui/static"));
const { metafile, outputFiles } = await bundle();
const built = outputFiles.map(({ path, contents }) => [basename(path), contents]);
const files = built.filter(([name]) => !name.endsWith(".LEGAL.txt"));
const comments = new Set(
  built
    .filter(([name]) => name.endsWith(".LEGAL.txt"))
    .map(([, contents]) => new TextDecoder().decode(contents).trim()),
);
const manifest = manifestOf(metafile);
replaceFolder(folder, [
  ...files,
  ["manifest.json", `${JSON.stringify(manifest, null, 2)}\n`],
  ["THIRD-PARTY.txt", thirdParty(packagesOf(metafile), comments)],
]);
const contentsOf = new Map(files);
const sizes = Object.entries(manifest).map(
  ([name, builtAs]) => `${name} ${kilobytes([contentsOf.get(builtAs)])}`,
);
const all = kilobytes([...contentsOf.values()]);
console.log(`The web page is built: ${sizes.join(", ")}, all ${files.length} files ${all}.`);
