// Proves that the diagrams in Markdown files are ones that Mermaid draws: each is parsed by Mermaid
// itself, and its states and steps are counted.
//
//   node diagrams.mjs FILE…
//
// A file without a diagram is fine, a run without one is not.

import { readText } from './lib/documents.mjs';
import { check, tool } from './lib/verdict.mjs';

await check({ usage: 'node diagrams.mjs FILE…', atLeast: 1 }, async ({ positionals }) => {
  // Mermaid cleans texts with a library that needs a document.
  const { JSDOM } = await tool('jsdom');
  globalThis.window = new JSDOM('').window;
  globalThis.document = window.document;
  const { default: mermaid } = await tool('mermaid');

  const diagrams = [];
  for (const file of positionals) {
    for (const source of fences(await readText(file))) diagrams.push({ file, ...(await parsed(mermaid, source)) });
  }
  return { ok: diagrams.length > 0 && diagrams.every((one) => one.ok), diagrams };
});

async function parsed(mermaid, source) {
  try {
    await mermaid.parse(source);
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(source);
    const states = [...(diagram.db.getStates?.() ?? new Map()).keys()].filter((id) => !/^root_(start|end)$/.test(id));
    const steps = (diagram.db.getRelations?.() ?? []).map(({ id1, id2, relationTitle }) => [id1, id2, relationTitle ?? '']);
    return { ok: true, type: diagram.type, states, steps };
  } catch (error) {
    return { ok: false, problem: String(error?.message ?? error) };
  }
}

/** The text of every fenced block that is a diagram; a fence ends with at least as many ticks as it began with. */
function fences(text) {
  const found = [];
  let open;
  for (const line of text.split('\n')) {
    const fence = /^ {0,3}(`{3,})\s*(.*)$/.exec(line);
    if (open && fence && fence[2] === '' && fence[1].length >= open.ticks) {
      if (open.diagram) found.push(open.lines.join('\n'));
      open = undefined;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      open = { ticks: fence[1].length, diagram: fence[2].trim() === 'mermaid', lines: [] };
    }
  }
  return found;
}
