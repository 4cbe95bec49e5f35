/** An error answer to a request, of either side. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** One of the protocol's. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
