package org.wardian.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells of a mistake on the command line in one line, with the nearest thing that would do. */
final class UsageErrors implements IParameterExceptionHandler {
  @Override
  public int handleParseException(ParameterException mistake, String[] arguments) {
    CommandLine command = mistake.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command
        .getErr()
        .println("ward: " + sentence(mistake) + "; '" + name + " --help' lists what there is");
    command.getErr().flush();
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  private static String sentence(ParameterException mistake) {
    String text = oneLine(mistake.getMessage());
    if (mistake instanceof UnmatchedArgumentException unmatched) {
      List<String> nearest = unmatched.getSuggestions();
      if (!nearest.isEmpty()) {
        return text
            + " (did you mean "
            + String.join(" or ", nearest.stream().limit(3).toList())
            + "?)";
      }
    }
    return text;
  }

  private static String oneLine(String message) {
    String text =
        message == null ? "bad arguments" : message.strip().replaceAll("\\s*\\R\\s*", " ");
    return Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
