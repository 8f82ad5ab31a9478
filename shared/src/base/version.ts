/** Tandem's version, of all its programs: the same as in package.json. */
export const version = '0.1.0'
