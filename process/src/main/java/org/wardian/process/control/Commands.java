package org.wardian.process.control;

import org.wardian.definition.domain.DomainDocument;
import org.wardian.qmp.CommandTable;

/** All commands of a machine's process. */
public final class Commands {
  private Commands() {}

  /** Adds them to a table. */
  public static void addAll(
      CommandTable table, DomainDocument document, MachineControl control, ScreenServer screen) {
    new StatusCommands(document, control).addTo(table);
    new BlockCommands(control).addTo(table);
    new MediumCommands(control).addTo(table);
    new CharacterCommands(control).addTo(table);
    new DisplayCommands(screen).addTo(table);
    new InputCommands(screen).addTo(table);
    new MemoryCommands(document, control).addTo(table);
    new MigrationCommands(control).addTo(table);
    new NetworkCommands(control).addTo(table);
  }
}
