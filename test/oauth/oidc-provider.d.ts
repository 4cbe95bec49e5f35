/** What the tests use of oidc-provider, which comes without types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: "grant.success", listener: (context: { oidc: { params: { grant_type: string } } }) => void): void;
    readonly AccessToken: {
      find(token: string): Promise<{ scope?: string; aud?: string; jkt?: string; isValid: boolean } | undefined>;
    };
  }
}
