/** The proxy's figures, also under names that other proxies of this package's name gave them. What this proxy does not do is empty, or `enabled: false`. */
import { deepCamelCase } from "./cases.js";
import type {
  MetricsQuery,
  MetricsSummary,
  ProxyStats,
  RequestMetrics,
  SessionStats,
  Stats,
  StatsHistoryQuery,
  SummaryQuery,
  TelemetryStats,
  ToolHints,
  TOINPattern,
  TOINStats,
  ValidationResult,
} from "./models.js";
import type { Transport } from "./transport.js";

const RESIDENT = /^headroom_resident_memory_bytes (\d{1,20}(?:\.\d{1,20})?(?:e\+?\d{1,3})?)$/m;

/** The part of a client that asks for figures. */
export class Figures {
  constructor(protected readonly transport: Transport) {}

  /**
   * What the proxy did since it started, and what all sessions cost and would have cost.
   *
   * @param options.days how far back the ledger is added up; 30 by default.
   */
  async stats(options: { days?: number; signal?: AbortSignal } = {}): Promise<Stats> {
    const query = options.days === undefined ? "" : `?days=${options.days}`;
    return deepCamelCase(await this.transport.json(`/stats${query}`, { method: "GET", signal: options.signal }));
  }

  /** The same as `stats()`. */
  proxyStats(): Promise<ProxyStats> {
    return this.stats();
  }

  /** Figures in the text format of Prometheus. */
  prometheusMetrics(): Promise<string> {
    return this.transport.text("/metrics", { method: "GET" });
  }

  /** The ledger of the last 30 days. It is kept as sums: there are no points in time. */
  async statsHistory(_query?: StatsHistoryQuery): Promise<any> {
    return { history: [], ledger: (await this.stats()).ledger };
  }

  /** The proxy's memory in bytes. */
  async memoryUsage(): Promise<any> {
    const rss = Number(RESIDENT.exec(await this.prometheusMetrics())?.[1] ?? 0);
    return { processMemory: { rss, vms: 0, percent: 0 }, components: {}, totalTrackedMb: rss / 2 ** 20, targetBudgetMb: 0 };
  }

  /** Nothing to do: the proxy keeps no answers. */
  async clearCache(): Promise<{ status: string }> {
    return { status: "ok" };
  }

  /** Always empty: the proxy keeps sums and receipts of sessions, but no list of requests. */
  async getMetrics(_query?: MetricsQuery): Promise<RequestMetrics[]> {
    return [];
  }

  /** Sums since the proxy started. */
  async getSummary(_query?: SummaryQuery): Promise<MetricsSummary> {
    const stats = await this.stats();
    return { ...sums(stats), models: stats.run.models, modes: {}, errorCount: stats.requests.failed };
  }

  /** Sums since the proxy started. */
  async getStats(): Promise<SessionStats> {
    return { ...sums(await this.stats()), cacheHits: 0, byMode: {} };
  }

  /** Whether the proxy is ready to compress. */
  async validateSetup(): Promise<ValidationResult> {
    const health = await this.transport.json("/health", { method: "GET" });
    const checks = Object.entries(health.checks ?? {});
    const errors = checks.filter(([, state]) => state !== "up" && state !== "off").map(([name, state]) => `${name}: ${state}`);
    const warnings = checks.filter(([, state]) => state === "off").map(([name]) => `${name}: off, so nothing is compressed`);
    return { valid: health.status === "healthy", provider: "", errors, warnings, config: deepCamelCase(health.config ?? {}) };
  }

  /** What this run of the proxy gave back of what was left out. */
  async getCCRStats(): Promise<any> {
    const { run } = await this.stats();
    const store = { entries: 0, maxEntries: 0, originalTokensCached: 0, compressedTokensCached: 0, retrievals: run.retrievals };
    return { store, recentRetrievals: [] };
  }

  /** There is no telemetry. */
  readonly telemetry = {
    getStats: async (): Promise<TelemetryStats> => {
      const none = { globalRetrievalRate: 0, toolSignaturesTracked: 0, avgCompressionRatio: 0, avgTokenReduction: 0 };
      return { enabled: false, totalCompressions: 0, totalRetrievals: 0, ...none };
    },
    export: async (): Promise<any> => ({ enabled: false, tools: [] }),
    import: async (_data: any): Promise<{ status: string }> => ({ status: "ignored" }),
    getTools: async (): Promise<any> => [],
    getTool: async (_signatureHash: string): Promise<any> => null,
  };

  /** What a retrieval teaches holds within its conversation: there are no hints for all. */
  readonly feedback = {
    getStats: async (): Promise<any> => ({ toolsTracked: 0 }),
    getHints: async (toolName: string): Promise<ToolHints> => {
      const hints = { maxItems: 0, minItems: 0, suggestedItems: [], aggressiveness: 0, skipCompression: false, preserveFields: [], reason: "none are kept" };
      return { toolName, hints, pattern: {} };
    },
  };

  /** No patterns are kept. */
  readonly toin = {
    getStats: async (): Promise<TOINStats> => {
      const none = { patternsTracked: 0, totalCompressions: 0, totalRetrievals: 0, globalRetrievalRate: 0, patternsWithRecommendations: 0 };
      return { enabled: false, ...none };
    },
    getPatterns: async (_limit?: number): Promise<TOINPattern[]> => [],
    getPattern: async (_hashPrefix: string): Promise<any> => null,
  };
}

function sums({ requests, tokens }: Stats) {
  const before = tokens.totalBeforeCompression;
  return {
    totalRequests: requests.total,
    totalTokensBefore: before,
    totalTokensAfter: before - tokens.saved,
    totalTokensSaved: tokens.saved,
    averageCompressionRatio: before ? (before - tokens.saved) / before : 1,
  };
}
