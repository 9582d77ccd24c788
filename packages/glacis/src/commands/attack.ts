/** `glacis attack`: the attack side of an audit at ε alone. */
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFolder } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function attackCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { method = ['standard'], examples, out } = request.values;
  if (out !== undefined) await claimFolder(out);
  if (method === 'replay') {
    const { replayCommand } = await import('./replay.ts');
    return replayCommand(request, surroundings);
  }
  if (examples !== undefined) {
    throw new UsageError('--examples goes with --method replay.');
  }
  return carryOut({ ...request, job: method }, out ?? null, surroundings);
}
