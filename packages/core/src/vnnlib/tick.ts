/** Called at every small step of long work, which it ends by throwing: a query may have millions of lines. */
export type Tick = () => void;

export const timeless: Tick = () => undefined;
