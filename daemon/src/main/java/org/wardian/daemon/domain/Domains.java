package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.wardian.daemon.Folders;
import org.wardian.definition.capabilities.HostModel;
import org.wardian.definition.domain.DomainDefaults;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;

/**
 * The domains of a daemon: what is defined is read from its files, machines that run are found
 * again, and clients' calls are answered. Closing it leaves machines alone.
 */
public final class Domains implements HandlerFamily, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Domains.class.getName());

  private final DomainTable table = new DomainTable();
  private final DomainFiles files;
  private final Lifecycle life;
  private final LiveDocuments documents;
  private final LiveDevices devices;
  private final DomainXml xml;
  private final DomainParts.SnapshotSeam seam = new DomainParts.SnapshotSeam();
  private final List<DomainProcedures> groups;
  private final SnapshotSubjects subjects;

  /** Without any domain until {@link #load}, and as many as one likes. */
  public Domains(Folders folders, Events events, MachineLauncher launcher) {
    this(folders, events, launcher, OverCommit.UNLIMITED);
  }

  /**
   * Without any domain until {@link #load}.
   *
   * @param launcher starts machines
   * @param policy how much of the host may be promised to them
   */
  public Domains(Folders folders, Events events, MachineLauncher launcher, OverCommit policy) {
    files = new DomainFiles(folders);
    documents = new LiveDocuments(files);
    DomainEvents domainEvents = new DomainEvents(events);
    life =
        new Lifecycle(
            table, files, domainEvents, launcher, documents, seam, new Admission(table, policy));
    xml =
        new DomainXml(
            new DomainDefaults(
                launcher.emulator(),
                folders.library().resolve("qemu/nvram").toString(),
                new SecureRandom(),
                DomainDefaults.Hardware.OWN));
    DomainParts parts =
        new DomainParts(
            folders,
            table,
            files,
            domainEvents,
            life,
            xml,
            launcher,
            new GuestAgents(),
            documents.cards()::networks,
            seam);
    devices = new LiveDevices(parts);
    VcpuPlugs vcpus = new VcpuPlugs(parts);
    life.connect(devices, vcpus);
    subjects = new SnapshotSubjects(parts, documents);
    SavedMachines saved = new SavedMachines(table, files, life);
    LookupProcedures lookup = new LookupProcedures(parts);
    BlockCopyProcedures copies = new BlockCopyProcedures(parts);
    groups =
        List.of(
            lookup,
            new DefinitionProcedures(parts),
            new LifeProcedures(parts, saved),
            new SaveProcedures(parts, saved),
            new StateProcedures(parts),
            new PerfProcedures(parts),
            new ConsoleProcedures(parts),
            new InputProcedures(parts),
            new GraphicsProcedures(parts),
            new MemoryProcedures(parts),
            new VcpuProcedures(parts, vcpus),
            new IoThreadProcedures(parts),
            new TuningProcedures(parts),
            new LimitProcedures(parts, devices),
            new HostDiskProcedures(parts),
            new BlockProcedures(parts),
            new BlockJobProcedures(parts),
            copies,
            new BlockCommitProcedures(parts, copies),
            new BackupProcedures(parts, subjects),
            new CardProcedures(parts),
            new StatsProcedures(parts, lookup),
            new JobProcedures(parts),
            new MigrationProcedures(parts),
            new MetadataProcedures(parts),
            new DeviceProcedures(parts, devices),
            new AgentProcedures(parts),
            new GuestInfoProcedures(parts),
            new QemuProcedures(parts));
  }

  /**
   * Sets what {@code host-model} is.
   *
   * @param models takes whether the host's processor runs the guest
   */
  public void describe(Function<Boolean, HostModel> models) {
    xml.setHostModels(models);
  }

  /** Sets what machines are plugged into, and where their volumes are; before {@link #load}. */
  public void connect(NetworkPlugs networks, VolumePaths volumes) {
    connect(networks, volumes, CardFilters.NONE);
  }

  /** The same, with the filters of their cards. */
  public void connect(NetworkPlugs networks, VolumePaths volumes, CardFilters filters) {
    documents.connect(networks, volumes, filters);
  }

  /**
   * The rules of a port have changed: the machine whose card it is gets them. Nothing where no
   * machine has such a card.
   *
   * @throws LibvirtException where the machine refuses them; those of before hold there
   */
  public void refilter(String port) throws LibvirtException {
    for (Domain domain : table.all()) {
      if (owns(domain, port)) {
        if (domain.machine() != null) {
          devices.limit(domain, port);
        } else {
          // It is being started, with the rules of before.
          domain.perform("nwfilter", () -> devices.limit(domain, port));
        }
      }
    }
  }

  private static boolean owns(Domain domain, String port) {
    return domain.isBusy() && domain.machine() == null
        || domain.isActive() && domain.facts().document().networkInterface(port).isPresent();
  }

  /** Adds who knows of snapshots or checkpoints; before {@link #load}. */
  public void records(SnapshotRecords records) {
    seam.add(records);
  }

  /** Sets who begins checkpoints together with backups; before {@link #load}. */
  public void checkpoints(CheckpointRecords records) {
    seam.set(records);
  }

  /** The domains, for those who take snapshots of them. */
  public SnapshotSubjects subjects() {
    return subjects;
  }

  @Override
  public void register(HandlerTable handlers) {
    groups.forEach(group -> group.register(handlers));
  }

  /**
   * Reads all definitions and finds the machines that run. What is no definition is told of in the
   * log, and left alone.
   */
  public void load() throws IOException {
    Map<String, XmlElement> definitions = files.definitions().readAll();
    new UnfinishedRenames(files.definitions()).end(definitions);
    for (Map.Entry<String, XmlElement> one : definitions.entrySet()) {
      try {
        define(one.getKey(), one.getValue());
      } catch (IOException | LibvirtException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            files.definitions().file(one.getKey())
                + " is no definition, and is left as it is: "
                + e.getMessage());
      }
    }
    Map<String, XmlElement> statuses = files.statuses().readAll();
    new UnfinishedStarts(files, documents).end(statuses);
    // All at once: each has to be asked, and one may be stopped and silent.
    try (ExecutorService finders = Executors.newVirtualThreadPerTaskExecutor()) {
      statuses.forEach((name, status) -> finders.execute(() -> find(name, status)));
    }
  }

  private void define(String name, XmlElement root) throws IOException, LibvirtException {
    if (!root.name().equals("domain")) {
      throw new IOException("it is a <" + root.name() + ">");
    }
    DomainDocument document = DomainDocument.of(root);
    UUID uuid = document.uuid().orElseThrow(() -> new IOException("it has no uuid"));
    if (!document.name().equals(name)) {
      throw new IOException("it is of the domain " + document.name());
    }
    table.add(
        new Domain(uuid, DomainFacts.inactive(document, files.definitions().autostart(name))),
        name);
  }

  private void find(String name, XmlElement element) {
    try {
      MachineStatus status = MachineStatus.of(element);
      UUID uuid = status.document().uuid().orElseThrow(() -> new IOException("it has no uuid"));
      int id = status.document().id().orElse(0);
      table.sawId(id);
      Domain known = table.get(uuid);
      Domain domain =
          known != null
              ? known
              : new Domain(
                  uuid,
                  new DomainFacts(
                      null, status.document(), -1, status.state(), status.reason(), false, false));
      if (known == null) {
        table.add(domain, name);
      }
      if (!status.isThere()) {
        LOG.log(System.Logger.Level.WARNING, "the machine of " + name + " ended meanwhile");
        life.lost(domain, status);
        return;
      }
      domain.update(now -> now.running(status.document(), id, status.state(), status.reason()));
      life.adopt(domain, status);
      // It was used up by the start of this machine, or nobody was told that it is whole.
      Files.deleteIfExists(files.managedSave(domain.name()));
      LOG.log(System.Logger.Level.INFO, "found the machine of " + name + " again");
    } catch (IOException | LibvirtException | RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "the machine of " + name + " cannot be taken up again", e);
    }
  }

  /** Starts what is to start with the daemon, one after the other, in the background. */
  public void autostart() {
    List<Domain> wanted =
        table.all().stream()
            .filter(domain -> domain.facts().autostart() && !domain.isActive())
            .sorted(Comparator.comparing(Domain::name))
            .toList();
    Thread.ofVirtual()
        .name("autostart")
        .start(() -> {
          for (Domain domain : wanted) {
            try {
              domain.perform(
                  "autostart",
                  () -> {
                    if (!domain.isActive()) {
                      life.start(domain, Lifecycle.Order.boot(false));
                    }
                  });
            } catch (LibvirtException | RuntimeException e) {
              LOG.log(System.Logger.Level.ERROR, "cannot start " + domain + ": " + e.getMessage());
            }
          }
        });
  }

  /** What those that run have of the host's memory. */
  public List<MachineMemory> memory() {
    List<MachineMemory> all = new ArrayList<>();
    for (Domain domain : table.all()) {
      Machine machine = domain.machine();
      if (machine != null) {
        all.add(MachineMemory.of(domain.name(), machine.pid()));
      }
    }
    return all;
  }

  /** How many domains there are in each state. */
  public Map<String, Long> countByState() {
    return table.countByState();
  }

  /** Lets go of the machines, which go on; waits for changes that are being made. */
  @Override
  public void close() {
    for (Domain domain : table.all()) {
      try {
        domain.perform(
            "close",
            () -> {
              Machine machine = domain.machine();
              if (machine != null) {
                life.writeStatus(domain);
                machine.release();
              }
            });
      } catch (LibvirtException e) {
        LOG.log(System.Logger.Level.WARNING, domain + " is left while it changes");
      }
    }
  }
}
