package org.wardian.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.boot.BootException;
import org.wardian.chipset.SerialBackend;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.host.HostException;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.state.DiskSnapshots;
import org.wardian.machine.state.SavedState;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.process.character.CharacterBackend;
import org.wardian.process.control.Commands;
import org.wardian.process.control.MachineControl;
import org.wardian.process.control.ScreenServer;
import org.wardian.process.domain.Assembler;
import org.wardian.process.domain.BoardPlan;
import org.wardian.process.domain.MachineParts;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.QmpException;
import org.wardian.qmp.QmpServer;
import org.wardian.qmp.QmpVersion;
import org.wardian.storage.qcow2.Qcow2Image;

/**
 * A machine as a process of its own: made of a live domain document, controlled by QMP. It goes on
 * when whoever started it ends. Whatever is missing is told before the QMP socket exists.
 */
public final class MachineProcess {
  /** How long the end may take when the host asks for it. */
  private static final long PATIENCE_SECONDS = 20;

  /** The release whose commands these are. */
  private static final QmpVersion QEMU = new QmpVersion(7, 2, 0, "");

  private final Launch launch;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicReference<MachineControl> control = new AtomicReference<>();

  private MachineProcess(Launch launch) {
    this.launch = launch;
  }

  /**
   * Makes the machine and serves it to its end. The caller is to have left its session.
   *
   * @throws AssemblyException where something cannot be had; one line for a person
   */
  public static void run(Launch launch) {
    new MachineProcess(launch).run();
  }

  private void run() {
    QmpServer.prepare();
    DomainDocument document = document();
    try (FileChannel _ = lock()) {
      Runtime.getRuntime().addShutdownHook(new Thread(this::terminated, "terminated"));
      // Before the images are opened, which may be as hostile as their guest.
      launch.sandbox().enter().ifPresent(line -> System.err.println("ward machine: " + line));
      serve(document);
    } catch (IOException e) {
      throw new AssemblyException(Reason.STORAGE, launch.definition() + ": " + e.getMessage(), e);
    } finally {
      closed.countDown();
    }
  }

  private DomainDocument document() {
    try {
      return DomainDocument.read(Files.readString(launch.definition()));
    } catch (IOException e) {
      throw new AssemblyException(
          Reason.IMAGE, "definition " + launch.definition() + " cannot be read: " + e, e);
    } catch (XmlException e) {
      throw new AssemblyException(
          Reason.REQUEST, "definition " + launch.definition() + ": " + e.getMessage(), e);
    }
  }

  /** A file beside the definition that has this process's number, and is locked while it lives. */
  private FileChannel lock() throws IOException {
    Path file = launch.definition().resolveSibling(launch.definition().getFileName() + ".lock");
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      channel.close();
      throw new AssemblyException(
          Reason.REQUEST,
          "the machine of "
              + launch.definition()
              + " runs already, as process "
              + Files.readString(file).strip());
    }
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
    return channel;
  }

  private void serve(DomainDocument document) {
    AtomicReference<MachineControl> made = control;
    Path folder = launch.socket().toAbsolutePath().getParent();
    try (MachineParts parts =
        Assembler.assemble(
            document,
            folder,
            (alias, cause) -> {
              MachineControl told = made.get();
              if (told != null) {
                told.diskStopped(alias, cause);
              }
            })) {
      MachineConfiguration configuration = BoardPlan.configuration(document, parts);
      Optional<CharacterBackend> serial = parts.serial();
      SerialBackend output =
          value -> serial.ifPresent(port -> port.output(new byte[] {value}, 0, 1));
      try (Machine machine = machine(configuration, output, parts)) {
        MachineControl controlled =
            new MachineControl(machine, parts, configuration.accelerator(), launch.restores());
        made.set(controlled);
        serve(document, machine, parts, controlled);
      }
    } catch (HostException e) {
      throw new AssemblyException(
          Reason.HOST, "this host does not give what the machine needs: " + e.getMessage(), e);
    } catch (BootException e) {
      throw new AssemblyException(
          Reason.IMAGE, document.os().kernel().orElse("firmware") + ": " + e.getMessage(), e);
    }
  }

  private Machine machine(
      MachineConfiguration configuration, SerialBackend output, MachineParts parts)
      throws BootException {
    if (launch.snapshot().isPresent()) {
      return reverted(configuration, output, parts, launch.snapshot().get());
    }
    if (launch.incoming().isEmpty()) {
      return new Machine(configuration, output);
    }
    Path file = launch.incoming().get();
    try (SavedState saved = SavedState.open(file)) {
      return Machine.restore(configuration, output, saved);
    } catch (IOException e) {
      throw new AssemblyException(Reason.IMAGE, "saved machine " + file + ": " + e.getMessage(), e);
    }
  }

  /** The machine of a snapshot within its disks, which become what they were. */
  private static Machine reverted(
      MachineConfiguration configuration, SerialBackend output, MachineParts parts, String name)
      throws BootException {
    List<Qcow2Image> images = parts.backends().keepers();
    if (images.isEmpty()) {
      throw new AssemblyException(
          Reason.IMAGE,
          "snapshot " + name + ": there is no writable qcow2 disk that could have it");
    }
    DiskSnapshots snapshots = new DiskSnapshots(images);
    try (SavedState saved = snapshots.open(name)) {
      Machine machine = Machine.restore(configuration, output, saved);
      try {
        snapshots.apply(name);
        return machine;
      } catch (IOException | RuntimeException e) {
        machine.close();
        throw e;
      }
    } catch (IOException e) {
      throw new AssemblyException(Reason.IMAGE, "snapshot " + name + ": " + e.getMessage(), e);
    }
  }

  private void serve(
      DomainDocument document, Machine machine, MachineParts parts, MachineControl controlled) {
    CommandTable table =
        new CommandTable(
            new QmpVersion(
                QEMU.major(), QEMU.minor(), QEMU.micro(), "Wardian " + launch.version()));
    try (ScreenServer screen = ScreenServer.open(document, machine, parts, controlled)) {
      Commands.addAll(
          table, document, launch.socket().toAbsolutePath().getParent(), controlled, screen);
      parts.connect(machine);
      try (QmpServer server = QmpServer.listen(launch.socket(), table)) {
        controlled.onEvent(server::send);
        if (!launch.paused()) {
          try {
            controlled.cont();
          } catch (QmpException e) {
            throw new IllegalStateException(e);
          }
        }
        controlled.run();
      }
    }
  }

  /** By the host's wish: the guest ends now, and all is closed. */
  private void terminated() {
    MachineControl running = control.get();
    if (running == null || closed.getCount() == 0) {
      return;
    }
    running.quit("host-signal");
    try {
      if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("ward machine: the machine does not end; its process does");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
