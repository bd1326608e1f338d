package org.wardian.cli.manage;

import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The verbs of this package, for ward to add to its own. */
public final class ManageVerbs {
  /** Verbs for machines, in the order of the help. */
  public static final List<String> MACHINES =
      List.of(
          "list",
          "info",
          "start",
          "stop",
          "reboot",
          "reset",
          "pause",
          "resume",
          "console",
          "screenshot",
          "define",
          "create",
          "undefine",
          "edit",
          "dumpxml",
          "rename",
          "clone",
          "autostart",
          "save",
          "restore",
          "snapshot",
          "attach",
          "detach",
          "stats",
          "top",
          "events");

  /** Verbs for what machines use. */
  public static final List<String> PLACES = List.of("pool", "vol", "net", "host");

  private ManageVerbs() {}

  /** All of their names. */
  public static List<String> names() {
    return Stream.concat(MACHINES.stream(), PLACES.stream()).toList();
  }

  /** Adds them to a command. */
  public static void addTo(CommandLine ward) {
    for (Object verb :
        List.of(
            new ListVerb(),
            new InfoVerb(),
            new StartVerb(),
            new StopVerb(),
            new RebootVerb(),
            new ResetVerb(),
            new PauseVerb(),
            new ResumeVerb(),
            new ConsoleVerb(),
            new ScreenshotVerb(),
            new DefineVerb(),
            new CreateVerb(),
            new UndefineVerb(),
            new EditVerb(),
            new DumpXmlVerb(),
            new RenameVerb(),
            new CloneVerb(),
            new AutostartVerb(),
            new SaveVerb(),
            new RestoreVerb(),
            new SnapshotVerb(),
            new AttachVerb(),
            new DetachVerb(),
            new StatsVerb(),
            new TopVerb(),
            new EventsVerb(),
            new PoolVerb(),
            new VolVerb(),
            new NetVerb(),
            new HostVerb())) {
      ward.addSubcommand(verb);
    }
    // 'ward vol resize POOL/NAME -5G' is a size, as it is for 'ward disk resize', and no option.
    ward.getSubcommands()
        .get("vol")
        .getSubcommands()
        .get("resize")
        .setUnmatchedOptionsArePositionalParams(true);
  }
}
