package org.wardian.process.control;

import java.nio.file.Path;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.qmp.CommandTable;

/** All commands of a machine's process. */
public final class Commands {
  private Commands() {}

  /**
   * Adds them to a table.
   *
   * @param runtime folder for sockets, and for what is to be known of a machine that was killed
   */
  public static void addAll(
      CommandTable table,
      DomainDocument document,
      Path runtime,
      MachineControl control,
      ScreenServer screen) {
    new StatusCommands(document, control).addTo(table);
    new BlockCommands(control).addTo(table);
    new MediumCommands(control).addTo(table);
    BlockJobCommands.addAll(table, control, runtime);
    new CharacterCommands(control).addTo(table);
    new DisplayCommands(screen).addTo(table);
    new InputCommands(screen).addTo(table);
    new MemoryCommands(document, control).addTo(table);
    new DirtyRateCommands(control).addTo(table);
    new MigrationCommands(control).addTo(table);
    new NetworkCommands(control).addTo(table);
    new ProcessorCommands(control).addTo(table);
    new HotplugCommands(document, runtime, control).addTo(table);
  }
}
