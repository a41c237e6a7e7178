import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { minifySync } from "rolldown/experimental";
import { build, defineConfig, type Plugin } from "vite";

const ENGINE = "node_modules/@litertjs/core/wasm";
const BUILDS = ["threaded", "compat"];

/** LiteRT's programs: the scripts made small, the WebAssembly compressed. */
function litert(): Plugin {
  return {
    name: "litert",
    apply: "build",
    generateBundle() {
      for (const kind of BUILDS) {
        const stem = join(ENGINE, `litert_wasm_${kind}_internal`);
        const { code } = minifySync(`${kind}.js`, readFileSync(`${stem}.js`, "utf8"));
        const program = gzipSync(readFileSync(`${stem}.wasm`), { level: 9 });
        this.emitFile({ type: "asset", fileName: `litert/${kind}.js`, source: code });
        this.emitFile({ type: "asset", fileName: `litert/${kind}.wasm.gz`, source: program });
      }
    },
  };
}

/** The service worker, with the list of the page's own files and their common version. */
function offline(): Plugin {
  let out = "";
  return {
    name: "offline",
    apply: "build",
    configResolved(config) {
      out = config.build.outDir;
    },
    async closeBundle() {
      const all = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(out, join(entry.parentPath, entry.name)))
        .filter((file) => file !== "sw.js")
        .sort();
      const version = createHash("sha256");
      for (const file of all) version.update(file).update(readFileSync(join(out, file)));
      const files = all.filter((file) => !/^(litert|models)\//.test(file));
      await build({
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        define: {
          FILES: JSON.stringify(["./", ...files]),
          VERSION: JSON.stringify(version.digest("hex").slice(0, 12)),
        },
        build: {
          outDir: out,
          emptyOutDir: false,
          lib: { entry: "src/sw.ts", formats: ["es"], fileName: () => "sw.js" },
        },
      });
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: "generated",
  worker: { format: "iife" },
  build: {
    outDir: "../../pocketmatte/web/page",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  plugins: [litert(), offline()],
});
