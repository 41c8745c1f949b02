/** Names of members: the proxy's are snake_case, ours camelCase. */

// Whose keys are names of models, tools and the like, and not ours to change.
const MAPS = new Set(["models", "compressors", "reasons", "troubles", "checks", "by_model"]);

export function snakeToCamel(name: string): string {
  return name.replace(/(?<=[^_])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function camelToSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A value with the names of all members in camelCase, at any depth. */
export function deepCamelCase<T = any>(value: any): T {
  return renamed(value, snakeToCamel);
}

/** A value with the names of all members in snake_case, at any depth. */
export function deepSnakeCase(value: any): any {
  return renamed(value, camelToSnake);
}

function renamed(value: any, rename: (name: string) => string): any {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).map(([name, member]) => [rename(name), plainMap(name, member) ? member : renamed(member, rename)]);
  return Object.fromEntries(members);
}

function plainMap(name: string, member: unknown): boolean {
  return MAPS.has(camelToSnake(name)) && member !== null && typeof member === "object" && !Array.isArray(member);
}
