// Owns turning a generated TypeScript entry into one JavaScript module, so that it can be run by
// Node or by workerd. Bare imports that the entry's own folders cannot answer come from the
// toolchain's node_modules.

import path from 'node:path';

import { tool, toolchainDir } from './verdict.mjs';

const targets = {
  node: { platform: 'node', conditions: ['import', 'module', 'node'] },
  workerd: { platform: 'browser', conditions: ['workerd', 'worker', 'import', 'module', 'browser'] },
};

/**
 * Bundles `entry` for `target` (`node` or `workerd`) and returns `{ code, inputs, errors }`: the
 * text of the module, how many files went into it, and the compiler's errors as `file:line text`.
 */
export async function bundle(entry, target) {
  const esbuild = await tool('esbuild');
  const { platform, conditions } = targets[target];
  try {
    const built = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      logLevel: 'silent',
      format: 'esm',
      target: 'es2022',
      platform,
      conditions,
      mainFields: ['module', 'main'],
      nodePaths: [path.join(toolchainDir, 'node_modules')],
      external: ['node:*', 'cloudflare:*'],
    });
    return { code: built.outputFiles[0].text, inputs: Object.keys(built.metafile.inputs).length, errors: [] };
  } catch (failure) {
    if (!Array.isArray(failure?.errors)) throw failure;
    return { code: '', inputs: 0, errors: failure.errors.map(place) };
  }
}

function place({ location, text }) {
  return location ? `${location.file}:${location.line}:${location.column} ${text}` : text;
}
