package org.wardian.cli;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.host.HostProcessor;
import org.wardian.host.Terminal;
import org.wardian.processor.kvm.KvmReport;

/** What the doctor looks at. */
final class Examination {
  /** The default guest's packages and what is made of them, with room to spare. */
  private static final long CACHE_BYTES = 256L << 20;

  private Examination() {}

  /**
   * @param kvm what the host's KVM is good for
   * @param translator what our own processor does here
   */
  static List<Finding> ofThisHost(KvmReport kvm, TranslatorFindings translator) {
    List<Finding> findings = new ArrayList<>(List.of(java(), processor(), translator.finding()));
    findings.addAll(KvmFindings.of(kvm));
    findings.add(terminal());
    findings.add(cacheFolder(CacheFolder.path()));
    return findings;
  }

  private static Finding java() {
    return Finding.good("java", Runtime.version() + " from " + System.getProperty("java.home"));
  }

  private static Finding processor() {
    HostProcessor processor = HostProcessor.current();
    String text = processor.model() + ", " + Runtime.getRuntime().availableProcessors() + " CPUs";
    return switch (processor.architecture()) {
      case X86_64 -> Finding.good("processor", text);
      case AARCH64, OTHER ->
          Finding.lacking(
              "processor",
              text + "; the interpreter runs here, but nobody has measured it on this kind");
    };
  }

  private static Finding terminal() {
    return Terminal.standard()
        .map(terminal ->
            Finding.good(
                "terminal", terminal.columns() + " columns, " + terminal.rows() + " lines"))
        .orElseGet(() ->
            Finding.lacking(
                "terminal",
                "standard input is not one: a guest's console would have no keyboard but a"
                    + " pipe or --script"));
  }

  /** Whether the folder, or what it would be made in, can be written and has room. */
  static Finding cacheFolder(Path folder) {
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null || !Files.isDirectory(existing) || !Files.isWritable(existing)) {
      return Finding.missing(
          "cache", folder + " cannot be written; set XDG_CACHE_HOME to a folder of yours");
    }
    try {
      FileStore store = Files.getFileStore(existing);
      long free = store.getUsableSpace();
      String text = folder + ", " + (free >> 20) + " MiB free";
      return free >= CACHE_BYTES
          ? Finding.good("cache", text)
          : Finding.lacking(
              "cache", text + ": the default guest needs up to " + (CACHE_BYTES >> 20) + " MiB");
    } catch (IOException e) {
      return Finding.lacking(
          "cache", folder + ": how full it is cannot be told: " + e.getMessage());
    }
  }
}
