package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What a machine's process has of the host's memory. Sources: proc(5); Linux
 * Documentation/admin-guide/mm/ksm.rst, "Monitoring KSM profit".
 *
 * @param domain its name
 * @param resident bytes in memory, merged ones included
 * @param merged bytes in pages that are kept once for this and others
 * @param profit bytes that merging saves, less what the kernel needs to know of its pages; below
 *     zero where it found too few
 */
public record MachineMemory(String domain, long resident, long merged, long profit) {
  private static final long PAGE = 4096;

  static MachineMemory of(String domain, long pid) {
    Map<String, Long> figures = figures(Path.of("/proc", Long.toString(pid), "ksm_stat"));
    return new MachineMemory(
        domain,
        ProcessTimes.of(pid).residentPages() * PAGE,
        figures.getOrDefault("ksm_merging_pages", 0L) * PAGE,
        figures.getOrDefault("ksm_process_profit", 0L));
  }

  /** Lines of a name and a number; none of a process that has ended, or where it is not ours. */
  private static Map<String, Long> figures(Path file) {
    Map<String, Long> figures = new HashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split(" ");
        if (words.length == 2 && words[1].matches("-?[0-9]{1,18}")) {
          figures.put(words[0], Long.parseLong(words[1]));
        }
      }
    } catch (IOException e) {
      // A kernel without KSM.
    }
    return figures;
  }
}
