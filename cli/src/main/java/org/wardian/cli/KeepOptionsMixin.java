package org.wardian.cli;

import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code ward run} about machines that are saved and restored. */
final class KeepOptionsMixin {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--save-to",
      paramLabel = "FILE|snapshot:NAME",
      description =
          "Where the machine is saved to - memory, processors and devices - at Ctrl-A s, at"
              + " --save-after, behind the last line of --script (in place of 'poweroff'), and when"
              + " ward is asked to terminate. To a FILE, the machine then ends, and its disks must"
              + " stay as they are until it goes on. To a snapshot within its qcow2 disks, which"
              + " keep their content too, it goes on.")
  private String saveTo;

  @Option(
      names = "--save-after",
      paramLabel = "TIME",
      description = "Save the machine when it has run for 90s, 5m, 1h.")
  private TimeLimit saveAfter;

  @Option(
      names = "--restore-from",
      paramLabel = "FILE|snapshot:NAME[,WORD]",
      description =
          "Go on with a saved machine in place of a start, on any accelerator. Name its disks and"
              + " networks as when it was saved; memory, processors and their model are as they"
              + " were. From a snapshot, the disks become what they were then. Words: verify,"
              + " read all of the memory first and compare checksums; force, take disks that were"
              + " written since.")
  private String restoreFrom;

  /**
   * What was asked for.
   *
   * @throws ParameterException where it makes no sense
   */
  KeepRequest request() {
    if (saveAfter != null && saveTo == null) {
      throw new ParameterException(
          spec.commandLine(), "--save-after needs --save-to: where shall the machine be saved?");
    }
    return new KeepRequest(
        Optional.ofNullable(saveTo).map(text -> checked(() -> KeepPlace.parse("--save-to", text))),
        Optional.ofNullable(saveAfter).map(TimeLimit::duration),
        Optional.ofNullable(restoreFrom)
            .map(text -> checked(() -> KeepRequest.RestoreArgument.parse(text))));
  }

  private <T> T checked(Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  /** Whether the user gave an option, so that a saved machine does not decide. */
  boolean given(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }
}
