package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.definition.storage.VolumeDefinition;

/** Finds the volumes of a folder. What cannot be one is left out; it spoils none of the others. */
final class FolderScan {
  private static final System.Logger LOG = System.getLogger(FolderScan.class.getName());

  /** Of a pool, as its list goes to clients in one message. */
  private static final int MOST = 16_384;

  /** Files that this daemon is making. */
  private static final Set<Path> MAKING = ConcurrentHashMap.newKeySet();

  static void making(Path unfinished) {
    MAKING.add(unfinished);
  }

  static void made(Path unfinished) {
    MAKING.remove(unfinished);
  }

  List<VolumeDefinition> volumes(Path folder) throws IOException {
    List<VolumeDefinition> volumes = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (Unfinished.isName(name)) {
          if (!MAKING.contains(entry)) {
            Unfinished.removeDead(entry);
          }
        } else if (isName(name)) {
          if (volumes.size() >= MOST) {
            LOG.log(System.Logger.Level.WARNING, folder + " has more than " + MOST + " volumes");
            break;
          }
          add(entry, name, volumes);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return volumes;
  }

  private static void add(Path entry, String name, List<VolumeDefinition> volumes) {
    try {
      VolumeDefinition volume = VolumeProbe.volume(entry, name);
      if (volume != null) {
        volumes.add(volume);
      }
    } catch (NoSuchFileException e) {
      LOG.log(System.Logger.Level.DEBUG, entry + " is not there any more, or leads nowhere");
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, entry + " is no volume: " + e.getMessage());
    }
  }

  /** Whether a name can be in a document: XML has no control characters. */
  private static boolean isName(String name) {
    return name.chars().noneMatch(c -> c < ' ' && c != '\t' || c == 0xfffd || c == 0x7f)
        && !name.equals("lost+found");
  }
}
