export async function replayCommand(..._args: readonly unknown[]): Promise<never> { throw new Error('todo'); }
