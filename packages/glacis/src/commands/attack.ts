/** `glacis attack`: the attack side of an audit at ε alone. */
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFile, claimFolder } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function attackCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { method = ['standard'], examples, out, surrogate, trace } = request.values;
  if (out !== undefined) await claimFolder(out);
  if (trace !== undefined) await claimFile(trace);
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
  return carryOut({ ...request, job: method }, out ?? null, surroundings);
}
