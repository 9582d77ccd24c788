import { VnnlibError } from '../../src/vnnlib/vnnlib-error.ts';

/** The typed error that an action throws. */
export function errorOf(action: () => unknown): VnnlibError {
  try {
    action();
  } catch (error) {
    if (error instanceof VnnlibError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
