//! TypeScript, item by item.

use super::*;

const ZOD: &str = "\
// Generated.

import { z } from 'zod';
import { A, B } from './shared.js';

/** A project. */
export const ProjectSchema = z.object({
  id: z.string(),
  name: z.string().max(80), // shown
}).strict();

export interface Store {
  get(id: string): Promise<string>;
  readonly size: number;
}

export const projects = {
  /** GET /projects */
  async listProjects(_input, call) {
    throw notImplemented(call);
  },

  async getProject(input) {
    const id = input.id;
    return id;
  },
} satisfies Partial<ProjectsHandlers>;

export enum Kind {
  One = 'one',
  Two = 'two',
}
";

fn with(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(ZOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn members_of_schemas_interfaces_handlers_and_imports_of_both_sides_are_there() {
    let mine = [
        ("{ A, B }", "{ A, B, Mine }"),
        ("import { A", "import * as own from './own.js';\nimport { A"),
        ("  name: z", "  own: z.string(),\n  name: z"),
        ("string>;\n", "string>;\n  own(): void;\n"),
        ("    throw notImplemented(call);\n", "    return own.list(call);\n"),
        ("  Two =", "  Own = 'own',\n  Two ="),
    ];
    let theirs = [
        (
            "z.string().max(80), // shown\n",
            "z.string().max(90), // shown\n  state: z.string(),\n",
        ),
        ("number;\n", "number;\n  put(id: string): void;\n"),
        (
            "async listProjects(_input, call)",
            "async listProjects(_input, call, more)",
        ),
        (
            "\n  async getProject(input) {",
            "\n  /** GET /projects/{id} */\n  async getProject(input) {",
        ),
        ("'two',\n", "'two',\n  Three = 'three',\n"),
    ];
    let all = [&mine[..], &theirs[..]].concat();
    let merged = whole_of("a.ts", ZOD, &with(&mine), &with(&theirs));
    assert_eq!(merged, with(&all));
    let theirs = [("{ A, B }", "{ A, B, C }")];
    let merged = whole_of("a.ts", ZOD, &with(&mine), &with(&theirs));
    assert!(merged.contains("{ A, B, C, Mine }"), "{merged}");
}

#[test]
fn an_edited_member_that_is_gone_or_changed_otherwise_clashes() {
    let mine = with(&[("const id = input.id;", "const id = 1;")]);
    let theirs = with(&[("const id = input.id;", "const id = 2;")]);
    let clashes = clashes_of("a.ts", ZOD, &mine, &theirs);
    assert_eq!(clashes.len(), 1);
    assert_eq!(
        (clashes[0].what.as_str(), clashes[0].mine.as_str(), clashes[0].line),
        ("member getProject in const projects", "    const id = 1;\n", 24)
    );
    let gone = with(&[("  name: z.string().max(80), // shown\n", "")]);
    let mine = with(&[("max(80)", "max(7)")]);
    let clashes = clashes_of("a.ts", ZOD, &mine, &gone);
    assert_eq!(clashes[0].what, "member name in const ProjectSchema");
    assert_eq!(
        with_markers("a.ts", ZOD, &mine, &gone),
        with(&[(
            "  name: z.string().max(80), // shown\n",
            "<<<<<<< yours\n  name: z.string().max(7), // shown\n=======\n>>>>>>> generated\n"
        )])
    );
}

#[test]
fn a_module_formatted_anew_by_a_person_is_no_clash() {
    let mine = with(&[
        ("{ A, B }", "{\n  A,\n  B,\n}"),
        ("  readonly size: number;\n", "    readonly   size: number;\n"),
    ]);
    let theirs = with(&[("{ A, B }", "{ A, B, C }"), ("size: number", "size: bigint")]);
    let merged = whole_of("a.ts", ZOD, &mine, &theirs);
    assert_eq!(merged, theirs);
}
