/**
 * The house rules that no compiler option states: which folder may know which, that core is pure, and
 * that committed text names no machine. Imports are read with the TypeScript parser.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** Bottom to top. A folder may import itself and what is below; folders of one line are strangers. */
const layers: readonly (readonly string[])[] = [
  ['tensor'],
  ['lp'],
  ['graph'],
  ['onnx'],
  ['transforms'],
  ['runtime'],
  ['threats'],
  ['attacks', 'bounds'],
  ['vnnlib'],
  ['verify'],
  ['defend'],
  ['audit'],
  ['diagnose'],
  ['index.ts'],
];

/** Files of types only, which every layer but the lowest may import by type. */
const vocabulary = ['audit/run.ts'];

const root = fileURLToPath(new URL('../../../', import.meta.url));
const core = path.join(root, 'packages/core/src');

interface Import {
  readonly from: string;
  readonly to: string;
  /** `import type`: gone after compilation, so it can close no cycle at run time. */
  readonly typeOnly: boolean;
}

const files = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
    : [];

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
}

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

/** Static, re-exporting and dynamic imports, and `import('…')` types. */
function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (target: ts.Node | undefined, typeOnly: boolean): void => {
    if (target === undefined || !ts.isStringLiteralLike(target)) return;
    const to = target.text.startsWith('.')
      ? path.resolve(path.dirname(source.fileName), target.text)
      : target.text;
    found.push({ from: source.fileName, to, typeOnly });
  };
  for (const node of nodesOf(source)) {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
  }
  return found;
}

const folderOf = (file: string): string => path.relative(core, file).split(path.sep)[0] ?? '';
const layerOf = (file: string): number =>
  layers.findIndex((names) => names.includes(folderOf(file)));
const show = (file: string): string => path.relative(root, file).split(path.sep).join('/');
const sentence = ({ from, to }: Import): string => `${show(from)} imports ${show(to)}`;

const sources = files(core)
  .filter((file) => file.endsWith('.ts'))
  .map(parse);
const imports = sources.flatMap(importsOf);
const inner = imports.filter(({ to }) => path.isAbsolute(to));
const outer = imports.filter(({ to }) => !path.isAbsolute(to));

describe('the layers of @glacis/core', () => {
  test('every folder has its place in the table', () => {
    const strangers = sources.filter(({ fileName }) => layerOf(fileName) < 0);
    expect(strangers.map(({ fileName }) => show(fileName))).toEqual([]);
  });

  test('imports run downwards only', () => {
    const upward = inner.filter(({ from, to, typeOnly }) => {
      if (folderOf(from) === folderOf(to)) return false;
      const isVocabulary = vocabulary.some((name) => to === path.join(core, name));
      if (typeOnly && isVocabulary && layerOf(from) > 0) return false;
      return layerOf(to) >= layerOf(from);
    });
    expect(upward.map(sentence)).toEqual([]);
  });

  test('every relative import names a file with its ending', () => {
    expect(inner.filter(({ to }) => !existsSync(to)).map(sentence)).toEqual([]);
  });

  test('no files import each other in a circle, types aside', () => {
    expect(circles(inner.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  test('packages that are imported are declared', () => {
    const manifest = JSON.parse(readFileSync(path.join(core, '../package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const undeclared = outer.filter(({ to }) => {
      const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/');
      return !(name in manifest.dependencies);
    });
    expect(undeclared.map(({ from, to }) => `${show(from)} imports ${to}`)).toEqual([]);
  });
});

/** Every circle of imports that a depth-first walk closes, as a line of file names. */
function circles(edges: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const finished = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) found.push([...trail.slice(at), file].map(show).join(' → '));
    if (at >= 0 || finished.has(file)) return;
    for (const to of next.get(file) ?? []) walk(to, [...trail, file]);
    finished.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}

describe('the purity of @glacis/core', () => {
  test('it imports nothing of Node.js', () => {
    const modules = new Set(builtinModules);
    const impure = outer.filter(({ to }) => to.startsWith('node:') || modules.has(to));
    expect(impure.map(({ from, to }) => `${show(from)} imports ${to}`)).toEqual([]);
  });

  test('it uses neither console nor process', () => {
    const uses = sources.flatMap((source) =>
      [...nodesOf(source)]
        .filter(ts.isIdentifier)
        .filter(({ text, parent }) => {
          const isGlobal = text === 'console' || text === 'process';
          return isGlobal && ts.isPropertyAccessExpression(parent);
        })
        .map((node) => `${placeOf(source, node)} ${node.parent.getText()}`),
    );
    expect(uses).toEqual([]);
  });
});

const placeOf = (source: ts.SourceFile, node: ts.Node): string =>
  `${show(source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;

test('no source escapes the types with `any` or a @ts- comment', () => {
  const packages = readdirSync(path.join(root, 'packages'));
  const escapes = packages
    .flatMap((name) => files(path.join(root, 'packages', name, 'src')))
    .filter((file) => /\.tsx?$/.test(file))
    .map(parse)
    .flatMap((source) => [
      ...[...nodesOf(source)]
        .filter(({ kind }) => kind === ts.SyntaxKind.AnyKeyword)
        .map((node) => `${placeOf(source, node)} any`),
      ...(source.text.match(/@ts-(ignore|expect-error|nocheck)/g) ?? []).map(
        (comment) => `${show(source.fileName)} ${comment}`,
      ),
    ]);
  expect(escapes).toEqual([]);
});

test('committed text names no path of a machine and no registry host', () => {
  const generated = new Set(['node_modules', 'dist', '.git', '.build', '.glacis', 'coverage']);
  const committed = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !generated.has(name))
      .flatMap((entry) => {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) return committed(file);
        return entry.isFile() ? [file] : [];
      });
  const forbidden = [
    /(?<![\w.$}\])*-])\/(work|tmp|root|home\/\w+|Users\/\w+)\//,
    /\bregistry\.(npmjs|yarnpkg|npmmirror)\./,
    /https?:\/\/[\w.-]*registry[\w.-]*\.\w/,
  ];
  const named = committed(root).flatMap((file) => {
    const bytes = readFileSync(file);
    if (bytes.subarray(0, 8000).includes(0)) return [];
    const lines = bytes.toString('utf8').split('\n');
    return lines.flatMap((line, i) =>
      forbidden.some((pattern) => pattern.test(line)) ? [`${show(file)}:${i + 1}`] : [],
    );
  });
  expect(named).toEqual([]);
});
