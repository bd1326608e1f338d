package org.wardian.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.wardian.cli.manage.ManageVerbs;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The verbs in ward's own help, grouped by what they are for. */
final class VerbGroups {
  private static final int NAMES_WIDTH = 14;

  private VerbGroups() {}

  /** Sets the list of verbs of the top command's help. */
  static void applyTo(CommandLine ward) {
    Map<String, List<String>> groups = groups(ward);
    ward.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
    ward.getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, help -> text(ward, help, groups));
  }

  /** Names of all verbs that help shows, by the heading that they stand under. */
  private static Map<String, List<String>> groups(CommandLine ward) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    groups.put("%nMachines that a daemon keeps:%n", new ArrayList<>(ManageVerbs.MACHINES));
    groups.put("%nWhat machines stand on:%n", new ArrayList<>(ManageVerbs.PLACES));
    List<String> first = new ArrayList<>();
    Set<String> managed = Set.copyOf(ManageVerbs.names());
    ward.getCommandSpec()
        .subcommands()
        .forEach((name, command) -> {
          if (name.equals(command.getCommandName())
              && !managed.contains(name)
              && !command.getCommandSpec().usageMessage().hidden()) {
            first.add(name);
          }
        });
    Map<String, List<String>> ordered = new LinkedHashMap<>();
    ordered.put("Commands:%n", first);
    ordered.putAll(groups);
    return ordered;
  }

  /** A line or two for each verb: the first sentence of its own help. */
  private static String text(CommandLine ward, Help help, Map<String, List<String>> groups) {
    StringBuilder text = new StringBuilder();
    int width = help.commandSpec().usageMessage().width();
    groups.forEach((heading, names) -> {
      text.append(help.createHeading(heading));
      Help.TextTable table =
          Help.TextTable.forColumns(
              help.colorScheme(),
              new Help.Column(NAMES_WIDTH, 2, Help.Column.Overflow.SPAN),
              new Help.Column(width - NAMES_WIDTH, 2, Help.Column.Overflow.WRAP));
      for (String name : names) {
        table.addRowValues(
            name, firstSentence(ward.getSubcommands().get(name).getCommandSpec().usageMessage()));
      }
      text.append(table);
    });
    return text.toString();
  }

  private static String firstSentence(UsageMessageSpec verb) {
    String[] text = verb.header().length > 0 ? verb.header() : verb.description();
    if (text.length == 0) {
      return "";
    }
    int end = text[0].indexOf(". ");
    return (end < 0 ? text[0] : text[0].substring(0, end + 1)).replace("%n", "").replace("%%", "%");
  }
}
