package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.cli.ExitStatus;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ward edit}. */
@Command(
    name = "edit",
    mixinStandardHelpOptions = true,
    description = {
      "Opens a machine's description in an editor ($VISUAL, $EDITOR, else vi), and defines what was"
          + " saved there. A machine that runs is changed when it next starts.",
      "",
      "Where the daemon does not take it you are asked whether to go on editing; what you wrote is"
          + " never lost: its file is named.",
      "",
      "  ward edit web",
      "  EDITOR='sed -i s/1048576/2097152/' ward edit web",
      ""
    })
final class EditVerb extends ManageAction {
  private static final int FLAGS = DomainXmlFlags.INACTIVE | DomainXmlFlags.SECURE;

  @Parameters(paramLabel = "NAME", description = "Name or UUID of the machine.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException, IOException, InterruptedException {
    Domain domain = Lookup.domain(connection, name);
    EditSession session =
        new EditSession(EditSession.editor(System.getenv()), err(), EditSession.terminal(err()));
    boolean changed = edit(connection, domain, session);
    out().println(Cells.plain(domain.name()) + ": " + (changed ? "changed" : "not changed"));
    return ExitStatus.OK.code();
  }

  /** Has a machine's description edited; whether it was changed. */
  static boolean edit(Connection connection, Domain domain, EditSession session)
      throws LibvirtException, IOException, InterruptedException {
    String before = domain.xml(FLAGS);
    return session.edit(
        domain.name(),
        before,
        text -> {
          requireSame(domain, text);
          if (!domain.xml(FLAGS).equals(before)) {
            throw new EditSession.Objection(
                "somebody else has changed it meanwhile: look at 'ward dumpxml --inactive'");
          }
          connection.defineDomain(text);
        });
  }

  /** A name or UUID of another machine would define that one, and leave this one as it is. */
  private static void requireSame(Domain domain, String text) throws EditSession.Objection {
    XmlElement xml;
    try {
      xml = XmlReader.read(text, "domain");
    } catch (XmlException e) {
      throw new EditSession.Objection(e.getMessage());
    }
    String name = xml.textAt("name");
    String uuid = xml.textAt("uuid");
    if (name == null || !name.strip().equals(domain.name())) {
      throw new EditSession.Objection("the name has changed, which 'ward rename' does");
    }
    if (uuid == null || !uuid.strip().equalsIgnoreCase(domain.uuid().toString())) {
      throw new EditSession.Objection("the UUID has changed, which would be another machine");
    }
  }
}
