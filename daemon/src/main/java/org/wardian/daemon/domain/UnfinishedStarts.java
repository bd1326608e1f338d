package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.persistence.Survivor;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Ends what the last daemon was starting when it was killed: a machine's folder, perhaps with a
 * process, of which no status was written. Nobody was told that such a machine runs.
 */
final class UnfinishedStarts {
  private static final System.Logger LOG = System.getLogger(UnfinishedStarts.class.getName());
  private static final String FOLDER = "domain-*";

  private final DomainFiles files;
  private final LiveDocuments documents;

  UnfinishedStarts(DomainFiles files, LiveDocuments documents) {
    this.files = files;
    this.documents = documents;
  }

  /**
   * Ends them.
   *
   * @param statuses of the machines that run
   */
  void end(Map<String, XmlElement> statuses) throws IOException {
    Map<Path, String> known = new HashMap<>();
    statuses
        .values()
        .forEach(status ->
            known.put(Path.of(status.attribute("folder", "")), status.attribute("pid", "")));
    Path state = files.machines();
    if (!Files.isDirectory(state)) {
      return;
    }
    List<Survivor> survivors = Survivor.below(state);
    for (Survivor survivor : survivors) {
      // A guest that was started anew has its folder, and another process.
      String pid = known.get(survivor.definition().getParent());
      if (pid != null && !pid.equals(Long.toString(survivor.process().pid()))) {
        kill(survivor);
      }
    }
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(state, FOLDER)) {
      for (Path folder : folders) {
        if (!known.containsKey(folder) && Files.isDirectory(folder)) {
          try {
            end(folder, statuses, survivors);
          } catch (IOException | XmlException e) {
            LOG.log(
                System.Logger.Level.ERROR,
                folder
                    + " is of no machine that is known, and is left as it is: "
                    + e.getMessage());
          }
        }
      }
    }
  }

  private static void kill(Survivor survivor) {
    LOG.log(
        System.Logger.Level.WARNING,
        "process "
            + survivor.process().pid()
            + " of "
            + survivor.definition()
            + " is ended: its start was not finished");
    survivor.kill();
  }

  private void end(Path folder, Map<String, XmlElement> statuses, List<Survivor> survivors)
      throws IOException, XmlException {
    DomainDocument document = null;
    if (Files.exists(Machine.definition(folder))) {
      document = DomainDocument.read(Files.readString(Machine.definition(folder)));
      boolean damaged =
          !statuses.containsKey(document.name())
              && Files.exists(files.statuses().file(document.name()));
      if (damaged) {
        throw new IOException("the status of " + document.name() + " cannot be read");
      }
    }
    for (Survivor survivor : survivors) {
      if (survivor.definition().startsWith(folder)) {
        kill(survivor);
      }
    }
    if (document != null) {
      documents.cards().release(document);
    }
    DomainFiles.deleteTree(folder);
  }
}
