/**
 * HeadroomError
 *   HeadroomConnectionError      the proxy cannot be reached
 *     HeadroomTimeoutError       … or says nothing in time
 *   HeadroomAuthError            it wants another token
 *   HeadroomCompressError        it refused; statusCode and errorType say why
 *     HeadroomNotFoundError      there is no such original
 *   ConfigurationError, ValidationError, StorageError, ProviderError,
 *   TokenizationError, CacheError, TransformError
 */
export class HeadroomError extends Error {
  /** What else is known. */
  details?: Record<string, any>;

  constructor(message: string, details?: Record<string, any>) {
    super(message);
    this.name = new.target.name;
    this.details = details;
  }
}

/** The proxy cannot be reached. */
export class HeadroomConnectionError extends HeadroomError {}

/** The proxy said nothing in time. */
export class HeadroomTimeoutError extends HeadroomConnectionError {}

/** The proxy does not know the token. */
export class HeadroomAuthError extends HeadroomError {}

/** The proxy refused. */
export class HeadroomCompressError extends HeadroomError {
  constructor(
    /** Of HTTP. */
    public statusCode: number,
    /** In the proxy's words, e.g. `invalid_request`. */
    public errorType: string,
    message: string,
    details?: Record<string, any>,
  ) {
    super(message, details);
  }
}

/** The proxy keeps no such original. */
export class HeadroomNotFoundError extends HeadroomCompressError {}

/** An option has a value that it cannot have. */
export class ConfigurationError extends HeadroomError {}

/** A model's API refused a request that went through the proxy. */
export class ProviderError extends HeadroomError {}

/** The proxy cannot keep or read originals. */
export class StorageError extends HeadroomError {}

export class TokenizationError extends HeadroomError {}
export class CacheError extends HeadroomError {}
export class ValidationError extends HeadroomError {}
export class TransformError extends HeadroomError {}

const BY_TYPE: Record<string, new (message: string, details?: Record<string, any>) => HeadroomError> = {
  configuration_error: ConfigurationError,
  provider_error: ProviderError,
  storage_error: StorageError,
  tokenization_error: TokenizationError,
  cache_error: CacheError,
  validation_error: ValidationError,
  transform_error: TransformError,
};

/** The error for an answer of the proxy's that is one. */
export function mapProxyError(status: number, type: string, message: string): HeadroomError {
  const details = { statusCode: status, errorType: type };
  if (status === 401 || status === 403) return new HeadroomAuthError(message, details);
  const named = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  if (named) return new named(message, details);
  if (status === 404) return new HeadroomNotFoundError(status, type, message, details);
  return new HeadroomCompressError(status, type, message, details);
}

/** Whether a failure is the proxy's and not the caller's: what was asked may well be right. */
export function isOutage(error: unknown): boolean {
  if (error instanceof HeadroomConnectionError || error instanceof StorageError) return true;
  return error instanceof HeadroomCompressError && (error.statusCode >= 500 || error.statusCode === 408 || error.statusCode === 429);
}
