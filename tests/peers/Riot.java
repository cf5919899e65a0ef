import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

/**
 * Runs Apache Jena's command "riot" for each line of standard input, which has the arguments, separated by tabs.
 * Each answer is a line with the status and the numbers of bytes of standard output and standard error, then these.
 */
public class Riot {
    private static class Command extends riotcmd.riot {
        Command(String[] arguments) {
            super(arguments);
        }
    }

    public static void main(String[] none) throws Exception {
        PrintStream answers = System.out;
        Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
        while (lines.hasNextLine()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            int status = new Command(lines.nextLine().split("\t")).mainRun(false, false);
            System.out.flush();
            System.err.flush();
            answers.println(status + " " + out.size() + " " + err.size());
            out.writeTo(answers);
            err.writeTo(answers);
            answers.flush();
        }
    }
}
