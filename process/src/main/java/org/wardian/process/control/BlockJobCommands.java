package org.wardian.process.control;

import java.nio.file.Path;
import org.wardian.qmp.CommandTable;

/** All commands that change or copy the images of disks in use. */
final class BlockJobCommands {
  private BlockJobCommands() {}

  static void addAll(CommandTable table, MachineControl control, Path runtime) {
    JobTable jobs = control.jobs();
    Targets targets = new Targets(control, jobs);
    MovedDisks moved = new MovedDisks(runtime);
    TransactionCommands transactions = new TransactionCommands(control, jobs);
    new JobCommands(jobs).addTo(table);
    new MirrorCommands(control, jobs, targets, moved).addTo(table);
    new CommitCommands(control, jobs, moved).addTo(table);
    new BackupCommands(control, jobs, targets).addTo(table, transactions);
    new BitmapCommands(control).addTo(table, transactions);
    new SnapshotCommands(control, jobs).addTo(table, transactions);
    new NodeCommands(control, jobs).addTo(table);
    new ExportCommands(control).addTo(table);
    transactions.addTo(table);
  }
}
