package org.wardian.cli;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of {@code ward run} for whoever wants to see where a guest spends its time. */
final class ToolsOption {
  @Option(
      names = "--profile",
      paramLabel = "FILE",
      description =
          "At the end, write where the guest was, sampled each millisecond: a table, or JSON where"
              + " FILE ends in .json; - is standard error. Not with kvm.")
  private Path profile;

  @Option(
      names = "--symbols",
      paramLabel = "FILE",
      description =
          "Name functions in the profile and for perf by the guest kernel's System.map or vmlinux,"
              + " or by its /proc/kallsyms of this very boot; may be repeated.")
  private List<Path> symbols = List.of();

  @Option(
      names = "--perf-map",
      description =
          "Write /tmp/perf-PID.map, by which Linux's perf names translated code. Not with kvm.")
  private boolean perfMap;

  @Option(
      names = "--translator-dump",
      paramLabel = "ADDRESS",
      description =
          "Write down each translated block that holds the guest's instruction at ADDRESS, in"
              + " hexadecimal; several with commas between, or all. Not with kvm.")
  private String dump;

  @Option(
      names = "--translator-dump-file",
      paramLabel = "FILE",
      defaultValue = "wardian-blocks.txt",
      description = "Where --translator-dump writes (default: ${DEFAULT-VALUE}).")
  private Path dumpFile;

  /** Whether something is asked for that only our own processor can tell. */
  boolean wantsOurProcessor() {
    return profile != null || perfMap || dump != null;
  }

  /**
   * Reads and opens the files.
   *
   * @param counted whether instructions are to be counted
   * @throws Failure if one of them cannot be used
   */
  Tools open(boolean counted) {
    if (dump != null) {
      Tools.dump(dump, dumpFile);
    }
    return Tools.open(profile, symbols, perfMap, counted);
  }
}
