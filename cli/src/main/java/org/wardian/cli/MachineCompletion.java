package org.wardian.cli;

import java.util.List;

/** Names of machines for a shell to complete, asked for when the key is pressed. */
final class MachineCompletion {
  /** Functions of picocli's script for the verbs that take a machine's name. */
  private static final List<String> VERBS =
      List.of(
          "info",
          "start",
          "stop",
          "reboot",
          "reset",
          "pause",
          "resume",
          "console",
          "screenshot",
          "undefine",
          "edit",
          "dumpxml",
          "rename",
          "clone",
          "autostart",
          "save",
          "attach",
          "detach",
          "stats",
          "snapshot_list",
          "snapshot_create",
          "snapshot_revert",
          "snapshot_delete",
          "snapshot_info");

  private static final String NONE = "local positionals=\"\"";

  private static final String FUNCTION =
      """

      # Names of machines. No daemon is started for a key.
      function _ward_machines() {
        WARDIAN_NO_AUTOSTART=1 "${COMP_WORDS[0]}" list --all --names 2>/dev/null </dev/null
      }

      """;

  private MachineCompletion() {}

  /**
   * Adds them to picocli's script.
   *
   * @throws IllegalStateException where the script has another form than it had when this was
   *     written
   */
  static String addTo(String script) {
    StringBuilder text = new StringBuilder(script);
    for (String verb : VERBS) {
      int function = text.indexOf("function _picocli_ward_" + verb + "() {");
      int at = function < 0 ? -1 : text.indexOf(NONE, function);
      int end = function < 0 ? -1 : text.indexOf("\n}", function);
      if (at < 0 || at > end) {
        throw new IllegalStateException(
            "the script has no place for the names that " + verb + " takes");
      }
      text.replace(at, at + NONE.length(), "local positionals=\"$(_ward_machines)\"");
    }
    int firstLineEnd = text.indexOf("\n") + 1;
    return text.insert(firstLineEnd, FUNCTION).toString();
  }
}
