/** Models of the corpus that cannot be read yet, and what each is refused for. */
export const refused: Readonly<Record<string, RegExp>> = {
  'torch-vit-23': /the operator Attention .* is not supported/,
};
