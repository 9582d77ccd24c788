/**
 * The command line: parses, runs the command, prints what it hands back, and turns every failure into
 * one sentence and an exit code: 2 for what the user can mend, 70 for what we must, 130 for a run that Ctrl-C stopped.
 */
import { ContradictionError, ModelError } from '@glacis/core';
import { messageOf, UsageError } from '../errors.ts';
import { sentenceOf } from '../report/terminal-text.ts';
import type { CommandRequest } from '../commands/carry-out.ts';
import type { CommandName } from './options.ts';
import { commandHelp, mainHelp } from './help.ts';
import type { Outcome, Surroundings } from './outcome.ts';
import { parseCommandLine } from './parse.ts';
import { print } from './print.ts';
import { Terminal } from './terminal.ts';

type Command = (request: CommandRequest, surroundings: Surroundings) => Promise<Outcome>;

/** Loaded when they are called: start-up counts. */
const commands: Readonly<Record<CommandName, () => Promise<Command>>> = {
  audit: async () => (await import('../commands/audit.ts')).auditCommand,
  attack: async () => (await import('../commands/attack.ts')).attackCommand,
  diagnose: async () => (await import('../commands/diagnose.ts')).diagnoseCommand,
  certify: async () => (await import('../commands/certify.ts')).certifyCommand,
  bounds: async () => (await import('../commands/bounds.ts')).boundsCommand,
  verify: async () => (await import('../commands/verify.ts')).verifyCommand,
  supports: async () => (await import('../commands/supports.ts')).supportsCommand,
  bench: async () => (await import('../commands/bench.ts')).benchCommand,
  harden: async () => (await import('../commands/harden.ts')).hardenCommand,
  inspect: async () => (await import('../commands/inspect.ts')).inspectCommand,
};

/** Runs `glacis WORDS…`; the exit code. Never throws. */
export async function main(words: readonly string[]): Promise<number> {
  // Writes report their own failure; without a listener a closed pipe would end the process.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', (error) => process.exit(failed(error)));
  let file: string | null = null;
  let terminal = new Terminal({ quiet: false, color: false });
  try {
    const request = parseCommandLine(words);
    if (request.kind === 'help') {
      const width = Math.min(100, process.stdout.columns ?? 80);
      await print(request.command === null ? mainHelp(width) : commandHelp(request.command, width));
      // Without a word the help is an answer to a mistake.
      return words.length === 0 ? 2 : 0;
    }
    const { command, model, property, values } = request;
    file = model;
    terminal = new Terminal({
      quiet: values.quiet ?? false,
      color: usesColor(process.stderr),
    });
    const run = await commands[command]();
    const outcome = await run(
      { words, model, property, values },
      { terminal, color: usesColor(process.stdout), width: process.stdout.columns ?? 80 },
    );
    await print(outcome.stdout);
    return outcome.exitCode;
  } catch (error) {
    terminal.clear();
    return failed(error, file);
  }
}

function usesColor(stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return stream.isTTY === true && TERM !== 'dumb';
}

/** Faults of the input by name: some come from a worker process, where the class was lost. */
const inputFaults: readonly string[] = ['RuleMissing', 'ShapeError'];

/** `file`: the model that the words name. */
function failed(error: unknown, file: string | null = null): number {
  const debug = process.env['GLACIS_DEBUG'] === '1';
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  const message = messageOf(error);
  if (error instanceof UsageError || error instanceof ModelError) return sentence(message, 2);
  if (error instanceof Error && inputFaults.includes(error.name)) {
    return sentence(`${file ?? 'The model'} is not supported: ${message}`, 2);
  }
  const kind = error instanceof ContradictionError ? 'A contradiction' : 'An internal error';
  const more = debug ? '' : ' (GLACIS_DEBUG=1 shows where)';
  return sentence(`${kind}: ${message.split('\n')[0] ?? ''}. Please report this${more}.`, 70);
}

function sentence(message: string, exitCode: number): number {
  const said = sentenceOf(message);
  const ended = /[.!?)…]$/.test(said) ? said : `${said}.`;
  process.stderr.write(`glacis: ${ended}\n`);
  return exitCode;
}
