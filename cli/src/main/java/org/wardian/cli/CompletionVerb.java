package org.wardian.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ward completion}. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Prints a script that teaches a shell to complete ward's verbs and options.",
      "",
      "bash, now:    source <(ward completion bash)",
      "bash, always: ward completion bash > ~/.local/share/bash-completion/completions/ward",
      "zsh, always:  echo 'source <(ward completion zsh)' >> ~/.zshrc"
    })
final class CompletionVerb implements Callable<Integer> {
  /** The shells that we can teach. */
  enum Shell {
    BASH,
    ZSH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "One of: ${COMPLETION-CANDIDATES}.")
  private Shell shell;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (shell == Shell.ZSH) {
      // The script below turns bash's completion on in zsh, which needs zsh's own to be there.
      out.println("autoload -Uz compinit && compinit");
    }
    out.print(MachineCompletion.addTo(AutoComplete.bash("ward", spec.root().commandLine())));
    out.flush();
    return ExitStatus.OK.code();
  }
}
