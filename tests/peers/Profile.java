import java.io.File;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileReport;

/** Says of each file whether it is in the OWL 2 DL profile, by the OWL API's own checker. */
public class Profile {
    public static void main(String[] files) throws Exception {
        boolean good = true;
        for (String file : files) {
            OWLOntology ontology =
                    OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(new File(file));
            OWLProfileReport report = new OWL2DLProfile().checkOntology(ontology);
            System.out.println(file + ": " + ontology.getAxiomCount() + " axioms, "
                    + (report.isInProfile() ? "in OWL 2 DL" : "OUTSIDE OWL 2 DL"));
            report.getViolations().forEach(violation -> System.out.println("  " + violation));
            good &= report.isInProfile() && ontology.getAxiomCount() > 0;
        }
        System.exit(good ? 0 : 1);
    }
}
