/** Figures of the proxy, and the options that programs written for other proxies of this package's name pass on. */

export type HeadroomMode = "audit" | "optimize" | "simulate";
export type RelevanceTier = "bm25" | "embedding" | "hybrid";

/** An open set of options that the proxy takes and lists in `ignored`: its own policy stands in its settings. */
type Section<Known extends object> = Partial<Known> & { [name: string]: any };

export type SmartCrusherConfig = Section<{
  enabled: boolean;
  minItemsToAnalyze: number;
  minTokensToCrush: number;
  maxItemsAfterCrush: number;
  varianceThreshold: number;
  relevance: RelevanceScorerConfig;
  anchor: AnchorConfig;
}>;
export type RelevanceScorerConfig = Section<{ tier: RelevanceTier; relevanceThreshold: number }>;
export type AnchorConfig = Section<{ anchorBudgetPct: number }>;
export type ToolCrusherConfig = Section<{ enabled: boolean; toolProfiles: Record<string, Record<string, any>> }>;
export type CacheAlignerConfig = Section<{ enabled: boolean }>;
export type RollingWindowConfig = Section<{ enabled: boolean; keepLastTurns: number }>;
export type CacheOptimizerConfig = Section<{ enabled: boolean; autoDetectProvider: boolean }>;
export type CCRConfig = Section<{ enabled: boolean; injectTool: boolean }>;
export type PrefixFreezeConfig = Section<{ enabled: boolean }>;
export type ReadLifecycleConfig = Section<{ enabled: boolean }>;
export type ScoringWeights = Section<{ recency: number }>;
export type IntelligentContextConfig = Section<{ enabled: boolean; useImportanceScoring: boolean; scoringWeights: ScoringWeights }>;
export type HeadroomConfig = Section<{
  storeUrl: string;
  defaultMode: HeadroomMode;
  modelContextLimits: Record<string, number>;
  toolCrusher: ToolCrusherConfig;
  smartCrusher: SmartCrusherConfig;
  cacheAligner: CacheAlignerConfig;
  rollingWindow: RollingWindowConfig;
  cacheOptimizer: CacheOptimizerConfig;
  ccr: CCRConfig;
  prefixFreeze: PrefixFreezeConfig;
  intelligentContext: IntelligentContextConfig;
}>;

/** What compression would do. */
export interface SimulationResult {
  tokensBefore: number;
  tokensAfter: number;
  tokensSaved: number;
  transforms: string[];
  /** For a person, e.g. `62.5%`. */
  estimatedSavings: string;
  messagesOptimized: any[];
  /** Tool results by what would become of them. */
  blockBreakdown: Record<string, number>;
  wasteSignals: Record<string, number>;
  stablePrefixHash: string;
  cacheAlignmentScore: number;
}

export interface HealthStatus {
  status: "healthy" | "unhealthy";
  version: string;
  config: { optimize: boolean; cache: boolean; rateLimit: boolean };
  /** Each part and how it is. */
  checks: Record<string, string>;
}

interface Milliseconds {
  averageMs: number;
  minMs: number;
  maxMs: number;
}

/** Sums over responses. Dollars without Headroom are estimated; saved is negative where it cost more than it saved. */
export interface Sums {
  responses: number;
  unpriced: number;
  usage: { input: number; cacheWrite5m: number; cacheWrite1h: number; cacheRead: number; output: number };
  cost: number;
  costWithout: number;
  saved: number;
  overhead: number;
  tokensRemoved: number;
  compressors: Record<string, number>;
  reasons: Record<string, number>;
}

/** Figures of the proxy since it started, and of all sessions that share its store. */
export interface Stats {
  version: string;
  run: Sums & {
    started: number;
    uptimeS: number;
    requests: number;
    unread: number;
    models: Record<string, number>;
    troubles: Record<string, number>;
    compressRequests: number;
    compressTokensBefore: number;
    compressTokensSaved: number;
    retrievals: number;
  };
  ledger: Sums & { days: number; savedShare: number; cacheHit: number; models: Named[]; agents: Named[]; projects: Named[] };
  requests: { total: number; cached: number; rateLimited: number; failed: number; byModel: Record<string, number>; byProvider?: Record<string, number> };
  tokens: { input: number; output: number; saved: number; totalBeforeCompression: number; savingsPercent: number };
  latency: Milliseconds;
  overhead: Milliseconds;
  cost: Record<string, any>;
}

/** A model, an agent or a project. */
export interface Named {
  name: string;
  responses: number;
  cost: number;
  costWithout: number;
  tokensRemoved: number;
}

export type ProxyStats = Stats;

export interface SessionStats {
  totalRequests: number;
  totalTokensBefore: number;
  totalTokensAfter: number;
  totalTokensSaved: number;
  averageCompressionRatio: number;
  cacheHits: number;
  byMode: Record<string, { requests: number; tokensSaved: number }>;
}

export interface MetricsSummary {
  totalRequests: number;
  totalTokensBefore: number;
  totalTokensAfter: number;
  totalTokensSaved: number;
  averageCompressionRatio: number;
  models: Record<string, number>;
  modes: Record<string, number>;
  errorCount: number;
}

export interface ValidationResult {
  valid: boolean;
  provider: string;
  errors: string[];
  warnings: string[];
  config: Record<string, any>;
}

/** One request; the proxy keeps no list of them that it would give out. */
export type RequestMetrics = Record<string, any>;

export interface MetricsQuery {
  startTime?: Date;
  endTime?: Date;
  model?: string;
  mode?: string;
  limit?: number;
}
export interface SummaryQuery {
  startTime?: Date;
  endTime?: Date;
}
export interface StatsHistoryQuery {
  format?: "json" | "csv";
  series?: "history" | "hourly" | "daily" | "weekly" | "monthly";
}

export interface TelemetryStats {
  enabled: boolean;
  totalCompressions: number;
  totalRetrievals: number;
  globalRetrievalRate: number;
  toolSignaturesTracked: number;
  avgCompressionRatio: number;
  avgTokenReduction: number;
}
export interface ToolHints {
  toolName: string;
  hints: {
    maxItems: number;
    minItems: number;
    suggestedItems: any[];
    aggressiveness: number;
    skipCompression: boolean;
    preserveFields: string[];
    reason: string;
  };
  pattern: Record<string, any>;
}
export interface TOINStats {
  enabled: boolean;
  patternsTracked: number;
  totalCompressions: number;
  totalRetrievals: number;
  globalRetrievalRate: number;
  patternsWithRecommendations: number;
}
export interface TOINPattern {
  hash: string;
  compressions: number;
  retrievals: number;
  retrievalRate: string;
  confidence: number;
  skipRecommended: boolean;
  optimalMaxItems: number;
}
