export async function inspectCommand(..._args: readonly unknown[]): Promise<never> { throw new Error('todo'); }
