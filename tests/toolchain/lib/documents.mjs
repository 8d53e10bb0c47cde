// Owns reading the files a check is pointed at. A file that is not there, or that is not JSON where
// JSON is asked for, means that the check could not be made on what was meant.

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { CannotRun } from './verdict.mjs';

/** The text of a file. */
export async function readText(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CannotRun(`cannot read ${file}: ${error.message}`);
  }
}

/** The JSON value of a file that is an input of the check itself (its cases, its requests). */
export async function readInput(file) {
  const text = await readText(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CannotRun(`${file} is not JSON: ${error.message}`);
  }
}

/** The absolute path of a directory that must exist. */
export async function existingDir(dir) {
  const absolute = path.resolve(dir);
  const found = await stat(absolute).catch(() => undefined);
  if (!found?.isDirectory()) throw new CannotRun(`${dir} is not a directory`);
  return absolute;
}

/** The absolute path of a file that must exist. */
export async function existingFile(file) {
  const absolute = path.resolve(file);
  const found = await stat(absolute).catch(() => undefined);
  if (!found?.isFile()) throw new CannotRun(`${file} is not a file`);
  return absolute;
}
