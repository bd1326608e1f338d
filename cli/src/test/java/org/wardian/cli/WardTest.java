package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class WardTest {
  static List<Arguments> mistakes() {
    return List.of(
        mistake("a command is needed"),
        mistake("did you mean image", "imag"),
        mistake("did you mean --memory", "run", "--memry", "5"),
        mistake("is not a size", "run", "--memory", "12Q"),
        mistake("is not a time", "run", "--timeout", "soon"),
        mistake("--accelerator", "run", "--accelerator", "hax"),
        mistake("auto, split, kernel", "run", "--irqchip", "apic"),
        mistake("has none", "run", "--accelerator", "software", "--irqchip", "kernel"),
        mistake("auto, host, off", "run", "--translator", "jit"),
        mistake("auto, on, off", "run", "--sandbox", "strict"),
        mistake("host's", "run", "--accelerator", "kvm", "--translator", "host"),
        mistake("own processor", "run", "--accelerator", "kvm", "--profile", "-"),
        mistake("hexadecimal", "run", "--translator-dump", "main"),
        mistake("no such file", "run", "--symbols", "no-such-file"),
        mistake("exclude each other", "run", "debian", "--kernel", "vmlinuz"),
        mistake("exclude each other", "run", "debian:12", "--kernel", "vmlinuz"),
        mistake("are for a system on a disk", "run", "--keep", "mine.qcow2"),
        mistake("are for a system on a disk", "run", "debian-cloud", "--user", "ada"),
        mistake("give --keep FILE, too", "run", "debian", "--disk-size", "20G"),
        mistake("at least 10G", "run", "debian", "--keep", "a", "--disk-size", "2G"),
        mistake("none that Debian has already: root", "run", "debian", "--user", "root"),
        mistake("letters, digits and '-'", "run", "debian", "--hostname", "a.b"),
        mistake("no such file", "run", "debian", "--ssh-key", "no-such-file"),
        mistake("does not exist", "run", "--script", "no-such-file"),
        mistake("pull, list or rm", "image"),
        mistake("there is no guest \"plan9\"", "image", "pull", "plan9"),
        mistake("there is no guest \"plan9\"", "image", "rm", "plan9"),
        mistake("create, info, check", "disk"),
        mistake("list, create, apply or delete", "disk", "snapshot"),
        mistake("is not a disk format", "disk", "info", "-f", "floppy", "a"),
        mistake("there is no such file", "disk", "info", "no-such-file"),
        mistake("has no driver", "list", "-c", "nowhere"),
        mistake("the transport ext is not supported", "list", "-c", "qemu+ext://host/system"),
        mistake("missing required parameter", "start"),
        mistake("--timeout is for --wait", "stop", "--timeout", "5", "web"),
        mistake("--console is for one machine", "start", "--console", "web", "db"),
        mistake("begin with a slash", "restore", "saved"),
        mistake("create, revert, delete or info", "snapshot"),
        mistake("write it as POOL/NAME", "vol", "create", "disk", "1G"),
        mistake("a SIZE is needed", "vol", "create", "images/disk"),
        mistake("there is no group 'heat'", "stats", "-g", "heat"),
        mistake("there is no family 'cat'", "events", "--family", "cat"),
        mistake("bash, zsh", "completion", "fish"));
  }

  private static Arguments mistake(String told, String... arguments) {
    return Arguments.of(told, arguments);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void tellsOfAMistakeInOneLine(String told, String[] arguments) {
    WardRun run = WardRun.of(arguments);

    assertThat(run.status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("ward: ").contains(told).hasLineCount(1);
  }

  @Test
  void refusesAScriptThatCannotBeTyped(@TempDir Path folder) throws Exception {
    Path script = Files.writeString(folder.resolve("script"), "echo a\n\u0003\n");

    WardRun run = WardRun.of("run", "--script", script.toString());

    assertThat(run.status()).isEqualTo(ExitStatus.USAGE.code());
    assertThat(run.err()).contains("line 2 has a control character").hasLineCount(1);
  }

  @Test
  void printsItsVersion() throws Exception {
    JsonNode version = new JsonMapper().readTree(WardRun.of("version", "--json").out());

    assertThat(version.get("version").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(WardRun.of("version").out()).contains("ward " + version.get("version").asText());
    assertThat(WardRun.of("run", "-V").out()).isEqualTo(WardRun.of("--version").out());
  }

  @Test
  void theDoctorTellsTheAcceleratorInBothForms() throws Exception {
    WardRun text = WardRun.of("doctor");
    WardRun json = WardRun.of("doctor", "--json");

    JsonNode node = new JsonMapper().readTree(json.out());
    assertThat(node.get("accelerator").asText())
        .isEqualTo(node.get("kvm").get("fast").asBoolean() ? "kvm" : "software");
    assertThat(text.out())
        .startsWith("A machine would run on: " + node.get("accelerator").asText());
    // Figures of two measurements differ.
    assertThat(node.get("reason").asText()).isNotBlank();
    assertThat(node.get("findings")).hasSizeGreaterThan(4);
    JsonNode translator = node.get("translator");
    assertThat(translator.get("reason").asText()).isNotBlank();
    assertThat(translator.get("interpreterMips").asDouble()).isPositive();
    assertThat(translator.has("mips")).isEqualTo(translator.get("available").asBoolean());
    assertThat(text.status()).isEqualTo(json.status());
  }

  @Test
  void everyVerbHasHelpThatFitsATerminal() {
    everyCommand(Ward.commandLine())
        .forEach(command -> {
          assertThat(command.getUsageMessage().lines())
              .as("help of %s", command.getCommandSpec().qualifiedName())
              .hasSizeGreaterThan(4)
              .allMatch(line -> line.length() <= 100);
        });
  }

  @Test
  void theHelpHasEveryVerbOnceInItsGroup() {
    String help = WardRun.of("--help").out();

    assertThat(help)
        .containsSubsequence(
            "Commands:", "run", "Machines that a daemon keeps:", "list", "What machines", "pool");
    Ward.commandLine()
        .getCommandSpec()
        .subcommands()
        .forEach((name, verb) -> {
          boolean shown =
              name.equals(verb.getCommandName()) && !verb.getCommandSpec().usageMessage().hidden();
          assertThat(help.lines().filter(line -> line.startsWith("  " + name + " ")).count())
              .as(name)
              .isEqualTo(shown ? 1 : 0);
        });
  }

  @Test
  void everyOptionIsDescribed() {
    everyCommand(Ward.commandLine())
        .forEach(command ->
            assertThat(command.getCommandSpec().args())
                .as("options of %s", command.getCommandSpec().qualifiedName())
                .allMatch(argument -> argument.description().length > 0));
  }

  private static List<CommandLine> everyCommand(CommandLine command) {
    return java.util.stream.Stream.concat(
            java.util.stream.Stream.of(command),
            command.getSubcommands().values().stream().flatMap(verb -> everyCommand(verb).stream()))
        .toList();
  }

  @Test
  void completionKnowsEveryVerb() {
    String bash = WardRun.of("completion", "bash").out();
    String zsh = WardRun.of("completion", "zsh").out();

    assertThat(bash)
        .startsWith("#!")
        .contains("run", "image", "doctor", "--memory", "--irqchip", "split")
        .contains("convert", "snapshot", "rebase", "--shrink", "--backing-format")
        .contains("--translator", "host", "--profile", "--keep", "--ssh-key", "--mirror")
        .contains("undefine", "autostart", "leases", "--managed-save", "--connect");
    assertThat(zsh).contains("compinit").contains(bash);
  }
}
