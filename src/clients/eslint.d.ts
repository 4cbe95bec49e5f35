/** What the declarations of toml-eslint-parser name of ESLint, which km has no use for and does not install. */

declare module "eslint" {
  export namespace SourceCode {
    type VisitorKeys = unknown;
  }
}
