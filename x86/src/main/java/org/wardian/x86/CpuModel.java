package org.wardian.x86;

import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A named set of features: what CPUID promises and the decoder accepts, neither more nor less.
 *
 * <p>The names follow the micro-architecture levels of the x86-64 psABI, section 3.1.1. Immutable.
 */
public final class CpuModel {
  /** The psABI baseline and what an operating system needs besides. */
  private static final EnumSet<Feature> V1 =
      EnumSet.of(
          Feature.FPU,
          Feature.DE,
          Feature.PSE,
          Feature.TSC,
          Feature.MSR,
          Feature.PAE,
          Feature.MCE,
          Feature.CX8,
          Feature.APIC,
          Feature.SEP,
          Feature.MTRR,
          Feature.PGE,
          Feature.MCA,
          Feature.CMOV,
          Feature.PAT,
          Feature.PSE36,
          Feature.CLFSH,
          Feature.MMX,
          Feature.FXSR,
          Feature.SSE,
          Feature.SSE2,
          Feature.SYSCALL,
          Feature.NX,
          Feature.LM,
          Feature.HYPERVISOR,
          Feature.ARAT,
          Feature.FDP_EXCEPTION_ONLY,
          Feature.ZERO_FCS_FDS,
          Feature.INVARIANT_TSC,
          Feature.TSC_ADJUST);

  /** The second level. */
  private static final EnumSet<Feature> V2 =
      with(
          V1,
          Feature.SSE3,
          Feature.SSSE3,
          Feature.SSE4_1,
          Feature.SSE4_2,
          Feature.POPCNT,
          Feature.CX16,
          Feature.LAHF_LM);

  /** The second level and what a current Linux distribution makes use of. */
  private static final EnumSet<Feature> V2_EXTRAS =
      with(
          V2,
          Feature.AES,
          Feature.PCLMULQDQ,
          Feature.RDRAND,
          Feature.RDTSCP,
          Feature.XSAVE,
          Feature.FSGSBASE,
          Feature.SMEP,
          Feature.SMAP,
          Feature.UMIP,
          Feature.PDPE1GB,
          Feature.PCID,
          Feature.INVPCID,
          Feature.TSC_DEADLINE,
          Feature.X2APIC,
          Feature.ERMS);

  /**
   * The psABI's first level, with what 64-bit code and the machine's interrupts rest on. Source:
   * x86-64 psABI, table 3.1.
   */
  private static final EnumSet<Feature> LEVEL_1 =
      EnumSet.of(
          Feature.CMOV,
          Feature.CX8,
          Feature.FPU,
          Feature.FXSR,
          Feature.MMX,
          Feature.SYSCALL,
          Feature.SSE,
          Feature.SSE2,
          Feature.LM,
          Feature.PAE,
          Feature.MSR,
          Feature.TSC,
          Feature.APIC);

  /** The psABI's second level. */
  private static final EnumSet<Feature> LEVEL_2 =
      with(
          LEVEL_1,
          Feature.CX16,
          Feature.LAHF_LM,
          Feature.POPCNT,
          Feature.SSE3,
          Feature.SSE4_1,
          Feature.SSE4_2,
          Feature.SSSE3);

  private static final Map<String, CpuModel> MODELS = new LinkedHashMap<>();

  private static final CpuModel EVERYTHING =
      new CpuModel("everything", EnumSet.allOf(Feature.class), LEVEL_2);

  static {
    for (CpuModel model :
        new CpuModel[] {
          new CpuModel("x86-64-v1", V1, LEVEL_1),
          new CpuModel("x86-64-v2", V2_EXTRAS, LEVEL_2),
          new CpuModel("x86-64-v2-plain", V2, LEVEL_2),
        }) {
      MODELS.put(model.name, model);
    }
  }

  private final String name;
  private final Set<Feature> features;
  private final Set<Feature> level;

  /** Built at the first use and shared by all decoders; a race only builds it twice. */
  private volatile DecodeTable[] decodeTables;

  CpuModel(String name, Set<Feature> features) {
    this(name, features, LEVEL_1);
  }

  private CpuModel(String name, Set<Feature> features, Set<Feature> level) {
    this.name = name;
    this.features = Collections.unmodifiableSet(EnumSet.copyOf(features));
    this.level = Collections.unmodifiableSet(EnumSet.copyOf(level));
  }

  /**
   * The model called {@code name}.
   *
   * @throws IllegalArgumentException with the known names if there is none of that name
   */
  public static CpuModel named(String name) {
    CpuModel model = MODELS.get(name);
    if (model == null) {
      throw new IllegalArgumentException(
          "unknown CPU model '" + name + "'; known are " + String.join(", ", MODELS.keySet()));
    }
    return model;
  }

  /** The default: {@code x86-64-v2}, which includes what Debian's user land expects besides. */
  public static CpuModel standard() {
    return MODELS.get("x86-64-v2");
  }

  /**
   * Every feature that the instruction table knows: for decoders that only show code. No guest gets
   * it.
   */
  public static CpuModel everything() {
    return EVERYTHING;
  }

  /** The names that {@link #named} knows. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(MODELS.keySet());
  }

  /** The name of this model. */
  public String name() {
    return name;
  }

  /** All features; unmodifiable. */
  public Set<Feature> features() {
    return features;
  }

  /**
   * Those of the features that the model's name stands for: programs built for the level cannot do
   * without them, while the others are a gain where they are there. Unmodifiable.
   */
  public Set<Feature> level() {
    return level;
  }

  /**
   * This model, by the same name, but for {@code absent} features: for a guest that was once
   * promised less, and must not see its processor change.
   */
  public CpuModel without(Set<Feature> absent) {
    if (Collections.disjoint(features, absent)) {
      return this; // with the look-up tables that are built
    }
    EnumSet<Feature> kept = EnumSet.copyOf(features);
    kept.removeAll(absent);
    return new CpuModel(name, kept, level);
  }

  /** Whether CPUID promises {@code feature}. */
  public boolean has(Feature feature) {
    return features.contains(feature);
  }

  /** Whether the decoder accepts {@code form}: it needs no feature, or one of this model. */
  public boolean has(Form form) {
    return form.feature() == null || features.contains(form.feature());
  }

  /** The look-up tables of this model: outside 64-bit mode, in 64-bit mode. */
  DecodeTable[] decodeTables() {
    DecodeTable[] tables = decodeTables;
    if (tables == null) {
      Form[] forms = InstructionTable.array();
      tables =
          new DecodeTable[] {
            new DecodeTable(forms, this, false), new DecodeTable(forms, this, true)
          };
      decodeTables = tables;
    }
    return tables;
  }

  @Override
  public String toString() {
    return name;
  }

  private static EnumSet<Feature> with(EnumSet<Feature> base, Feature... more) {
    EnumSet<Feature> features = EnumSet.copyOf(base);
    Collections.addAll(features, more);
    return features;
  }
}
