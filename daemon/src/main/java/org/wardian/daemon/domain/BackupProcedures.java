package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.backup.BackupDisk;
import org.wardian.definition.backup.BackupDocument;
import org.wardian.definition.backup.BackupServer;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.DomainBackupBeginFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainBackupBeginArgs;
import org.wardian.libvirt.wire.remote.DomainBackupGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainBackupGetXmlDescRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Backups of running machines: written by the machine (push), or fetched from it (pull). */
final class BackupProcedures extends DomainProcedures {
  private static final long MILLISECONDS = 1_000;

  private final SnapshotSubjects subjects;

  BackupProcedures(DomainParts parts, SnapshotSubjects subjects) {
    super(parts);
    this.subjects = subjects;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_BACKUP_BEGIN, this::begin);
    handlers.on(RemoteProgram.DOMAIN_BACKUP_GET_XML_DESC, this::xml);
  }

  private DomainBackupGetXmlDescRet xml(Call call, DomainBackupGetXmlDescArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Machine machine = find(args.dom()).machine();
    BackupJob backup = machine == null ? null : machine.jobs().backup();
    if (backup == null) {
      throw Refusal.qemu(ErrorNumber.NO_DOMAIN_BACKUP, "no domain backup job present");
    }
    return new DomainBackupGetXmlDescRet(backup.document().xml());
  }

  private void begin(Call call, DomainBackupBeginArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainBackupBeginFlags.REUSE_EXTERNAL);
    Domain domain = find(args.dom());
    if (!domain.isActive()) {
      throw inactive();
    }
    BackupDocument asked;
    try {
      asked = BackupDocument.request(args.backupXml());
    } catch (XmlException e) {
      throw error(e);
    }
    Backups.awaitNone(domain);
    boolean reuse = (args.flags() & DomainBackupBeginFlags.REUSE_EXTERNAL) != 0;
    SnapshotSubject subject = subjects.find(args.dom());
    domain.perform(
        "backup",
        () -> {
          if (!domain.isActive()) {
            throw inactive();
          }
          if (domain.running().jobs().backup() != null) {
            throw Refusal.internal("another backup job is already running");
          }
          CheckpointRecords.Planned checkpoint =
              args.checkpointXml() == null
                  ? null
                  : parts().checkpoints().plan(subject, args.checkpointXml());
          begin(domain, subject, asked, checkpoint, reuse);
        });
  }

  private static LibvirtException inactive() {
    return Refusal.notSupported("cannot perform disk backup for inactive domain");
  }

  private static LibvirtException error(XmlException e) {
    if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
      return new LibvirtException(
          ErrorNumber.XML_DETAIL,
          ErrorDomain.XML,
          "(domain_backup):" + e.getMessage().replaceFirst("^line ", ""),
          e);
    }
    return new LibvirtException(
        ErrorNumber.of(e.kind().code()), ErrorDomain.DOMAIN, e.getMessage(), e);
  }

  /** What is done with a disk. */
  private record Part(BackupDisk disk, Disk own, DiskChain chain, String job) {
    String node() throws LibvirtException {
      return DiskNodes.of(chain.images().getFirst());
    }

    boolean isIncremental() {
      return disk.since() != null;
    }
  }

  private void begin(
      Domain domain,
      SnapshotSubject subject,
      BackupDocument asked,
      CheckpointRecords.Planned checkpoint,
      boolean reuse)
      throws LibvirtException {
    Machine machine = domain.running();
    DomainDocument live = domain.facts().live();
    if (asked.pull() && !asked.server().unix() && asked.server().port() < 0) {
      throw Refusal.notSupported("<domainbackup> must specify TCP port for now");
    }
    if (asked.pull() && asked.server().tls()) {
      throw Refusal.notSupported("a backup is not served by TLS by this machine");
    }
    String suffix =
        checkpoint != null
            ? checkpoint.name()
            : Long.toString(System.currentTimeMillis() / MILLISECONDS);
    BackupDocument aligned;
    try {
      aligned = asked.align(live, suffix);
    } catch (XmlException e) {
      throw error(e);
    }
    for (BackupDisk disk : aligned.disks()) {
      String since = disk.since();
      if (since != null && !parts().checkpoints().has(domain.uuid(), since)) {
        throw Refusal.qemu(
            ErrorNumber.NO_DOMAIN_CHECKPOINT,
            "Checkpoint '%s' for incremental backup of disk '%s' not found"
                .formatted(since, disk.name()));
      }
    }
    List<Part> parts = parts(domain, machine, aligned);
    if (parts.isEmpty()) {
      throw Refusal.unsupported("no disks selected for backup");
    }
    List<ObjectNode> actions = new ArrayList<>();
    if (checkpoint != null) {
      actions.addAll(subject.trackers(checkpoint.disks(), checkpoint.name()));
    }
    Map<String, JsonNode> nodes = DiskNodes.all(machine);
    for (Part part : parts) {
      addBitmaps(nodes, part, aligned.pull(), actions);
    }
    BackupDocument numbered =
        aligned.withDisks(
            aligned.disks().stream()
                .map(disk ->
                    parts.stream()
                        .map(Part::disk)
                        .filter(one -> one.name().equals(disk.name()))
                        .findFirst()
                        .orElse(disk))
                .toList());
    Run run = new Run(domain, machine, new BackupJob(numbered, reuse), parts);
    run.start(actions, reuse);
    if (checkpoint != null) {
      checkpoint.keep();
    }
  }

  private static List<Part> parts(Domain domain, Machine machine, BackupDocument document)
      throws LibvirtException {
    List<Part> parts = new ArrayList<>();
    DomainDocument live = domain.facts().live();
    for (BackupDisk disk : document.disks()) {
      if (!disk.isIncluded()) {
        continue;
      }
      Disk own = live.disk(disk.name()).orElseThrow();
      if (machine.jobs().of(own.target()) != null) {
        throw Refusal.internal("disk '" + own.target() + "' has a blockjob assigned");
      }
      if (!own.format().equals("qcow2") && disk.since() != null) {
        throw Refusal.unsupported(
            "incremental backup of disk '" + own.target() + "', which is no qcow2 image");
      }
      DiskChain chain = DiskChain.of(own);
      BackupDisk.Store store = disk.store();
      BackupDisk numbered =
          disk.withStore(
              new BackupDisk.Store(
                  store.type(), store.path(), store.format(), machine.jobs().nextImage(live)));
      String job = "backup-" + own.target() + "-" + DiskNodes.of(chain.images().getFirst());
      parts.add(new Part(numbered, own, chain, job));
    }
    return parts;
  }

  /** What puts the changes of a disk since its checkpoint into a bitmap of the backup's own. */
  private static void addBitmaps(
      Map<String, JsonNode> nodes, Part part, boolean pull, List<ObjectNode> actions)
      throws LibvirtException {
    if (!part.isIncremental()) {
      return;
    }
    String since = part.disk().since();
    String target = part.own().target();
    Optional<BlockBitmaps.Source> source = BlockBitmaps.source(nodes, part.chain().images(), since);
    if (source.isEmpty()) {
      throw Refusal.qemu(
          ErrorNumber.CHECKPOINT_INCONSISTENT,
          "missing or broken bitmap '%s' for disk '%s'".formatted(since, target));
    }
    String node = pull ? DiskNodes.format(part.disk().store().index()) : part.node();
    String bitmap = pull ? part.disk().exportBitmap() : Backups.bitmap(part.disk());
    actions.add(BlockBitmaps.add(node, bitmap, false, true, source.get().granularity()));
    actions.add(BlockBitmaps.merge(node, bitmap, source.get().nodes(), since));
  }

  /** A backup that is being begun; what was done for it is taken back where it does not. */
  private final class Run {
    private final Domain domain;
    private final Machine machine;
    private final BackupJob backup;
    private final List<Part> parts;
    private final List<Part> opened = new ArrayList<>();
    private final List<Path> made = new ArrayList<>();
    private boolean served;
    private boolean begun;

    private Run(Domain domain, Machine machine, BackupJob backup, List<Part> parts) {
      this.domain = domain;
      this.machine = machine;
      this.backup = backup;
      this.parts = parts;
    }

    private boolean isPull() {
      return backup.document().pull();
    }

    private void start(List<ObjectNode> before, boolean reuse) throws LibvirtException {
      try {
        for (Part part : parts) {
          open(part, reuse);
        }
        if (isPull()) {
          serve(backup.document().server());
        }
        List<ObjectNode> actions = new ArrayList<>(before);
        for (Part part : parts) {
          actions.add(job(part));
          machine
              .jobs()
              .add(
                  new BlockJob(
                      new BlockJob.Task(
                          BlockJob.Kind.BACKUP, part.job(), part.own().target(), 0, 0, false)));
        }
        machine.jobs().setBackup(backup);
        // Whoever is killed leaves no job that the next daemon knows nothing of.
        life().writeStatus(domain);
        BlockBitmaps.transaction(machine, actions);
        begun = true;
        if (isPull()) {
          for (Part part : parts) {
            export(part);
          }
        }
      } catch (LibvirtException e) {
        undo();
        life().writeStatus(domain);
        throw e;
      }
      life().writeStatus(domain);
    }

    private void open(Part part, boolean reuse) throws LibvirtException {
      DiskChain.Image image = Backups.image(part.disk());
      Path file = Path.of(image.path().orElseThrow());
      boolean onDisk = isPull() || part.isIncremental();
      if (reuse) {
        NewImages.check(image, part.own().target(), true);
      } else if (image.type().equals("file")) {
        if (Files.exists(file)) {
          throw Refusal.badArgument(
              "store '%s' for backup of '%s' exists".formatted(file, part.own().target()));
        }
        NewImages.make(
            image,
            MachineDisks.capacity(machine, part.own()),
            onDisk ? part.chain().images().getFirst() : null);
        made.add(file);
      }
      DiskNodes.open(machine, image, onDisk ? part.node() : null, true);
      opened.add(part);
    }

    private ObjectNode job(Part part) throws LibvirtException {
      ObjectNode data =
          Machine.arguments()
              .put("device", part.node())
              .put("job-id", part.job())
              .put("target", DiskNodes.format(part.disk().store().index()));
      if (isPull()) {
        data.put("sync", "none");
      } else if (part.isIncremental()) {
        data.put("sync", "incremental").put("bitmap", Backups.bitmap(part.disk()));
      } else {
        data.put("sync", "full");
      }
      data.put("auto-finalize", true).put("auto-dismiss", false);
      return BlockBitmaps.action("blockdev-backup", data);
    }

    private void serve(BackupServer server) throws LibvirtException {
      ObjectNode where = Machine.arguments();
      if (server.unix()) {
        where.put("type", "unix").set("data", Machine.arguments().put("path", server.socket()));
      } else {
        where
            .put("type", "inet")
            .set(
                "data",
                Machine.arguments()
                    .put("host", server.name())
                    .put("port", Integer.toString(server.port())));
      }
      machine.execute("nbd-server-start", (ObjectNode) Machine.arguments().set("addr", where));
      served = true;
    }

    private void export(Part part) throws LibvirtException {
      String node = DiskNodes.format(part.disk().store().index());
      ObjectNode export =
          Machine.arguments()
              .put("type", "nbd")
              .put("id", "libvirt-nbd-" + node)
              .put("node-name", node)
              .put("writable", false)
              .put("name", part.disk().exportName());
      if (part.isIncremental()) {
        export.putArray("bitmaps").add(part.disk().exportBitmap());
      }
      machine.execute("block-export-add", export);
    }

    private void undo() {
      if (begun) {
        // Its block jobs run: what follows from their end is done when they tell.
        try {
          life().blockJobs().backups().abort(machine);
          return;
        } catch (LibvirtException e) {
          // The machine has ended, and all with it.
        }
      }
      machine.jobs().setBackup(null);
      for (Part part : parts) {
        BlockJob job = machine.jobs().get(part.job());
        if (job != null) {
          machine.jobs().remove(job);
        }
      }
      if (served) {
        Backups.quietly(machine, "nbd-server-stop");
      }
      opened.forEach(part -> DiskNodes.close(machine, Backups.image(part.disk())));
      for (Path file : made) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          // The error that led here is told.
        }
      }
    }
  }
}
