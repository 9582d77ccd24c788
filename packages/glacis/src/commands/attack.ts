/** `glacis attack`: the attack side of an audit at ε alone. */
import { resolve } from 'node:path';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFile, claimFolder } from '../run/store.ts';
import { holdsTraces } from '../run/traces.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function attackCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { method = ['standard'], examples, out, surrogate, trace } = request.values;
  if (out !== undefined) await claimFolder(out);
  if (trace !== undefined) {
    await claimFile(trace, holdsTraces);
    if (out !== undefined && resolve(out) === resolve(trace)) {
      throw new UsageError(`--out and --trace both name ${out}; give each a place of its own.`);
    }
  }
  if (method === 'replay') {
    if (trace !== undefined) throw new UsageError('--trace shows attacks, and a replay runs none.');
    if (surrogate !== undefined) {
      throw new UsageError('--surrogate lends gradients to attacks, and a replay runs none.');
    }
    const { replayCommand } = await import('./replay.ts');
    return replayCommand(request, surroundings);
  }
  if (examples !== undefined) {
    throw new UsageError('--examples goes with --method replay.');
  }
  return carryOut({ ...request, job: method, diagnosis: null }, out ?? null, surroundings);
}
