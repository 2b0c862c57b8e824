// Builds what the package ships: one stylesheet and the icons that templates include. Run: npm ci && npm run build
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const kit = new URL("../src/xinlin/faces/kit/", import.meta.url).pathname;
const icons = `${kit}templates/kit/icons`;
const names = readFileSync(new URL("icons.txt", import.meta.url), "utf8").split(/\s+/).filter(Boolean).sort();

mkdirSync(icons, { recursive: true });
for (const old of readdirSync(icons)) rmSync(`${icons}/${old}`);
for (const name of names) {
  const source = readFileSync(new URL(`node_modules/lucide-static/icons/${name}.svg`, import.meta.url), "utf8");
  const drawing = source
    .replace(/<!--.*?-->\s*/gs, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s*\n\s*/g, "");
  writeFileSync(`${icons}/${name}.svg`, drawing);
}

copyFileSync(new URL("node_modules/lucide-static/LICENSE", import.meta.url), `${icons}/LICENSE`);

mkdirSync(`${kit}static/kit`, { recursive: true });
execFileSync("npx", ["--no-install", "tailwindcss", "-i", "xinlin.css", "-o", `${kit}static/kit/xinlin.css`, "--minify"], {
  cwd: new URL(".", import.meta.url).pathname,
  stdio: "inherit",
});
