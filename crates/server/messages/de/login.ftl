# Die Seiten der Anmeldung auf Deutsch.

## Shared

continue = Weiter
accept = Zustimmen
decline = Ablehnen
confirm = Bestätigen
cancel = Abbrechen
logo-alt = { $tenant }
label-email = E-Mail-Adresse
label-username = Benutzername
label-identifier = Benutzername oder E-Mail-Adresse
label-password = Passwort
label-new-password = Neues Passwort
label-repeat-password = Neues Passwort wiederholen
label-code = Code
show-password = Passwort anzeigen
hide-password = Passwort verbergen
edit = Ändern
edit-identifier = Anderes Konto verwenden
forgot-password = Passwort vergessen?
signup-question = Noch kein Konto?
signup-link = Registrieren
login-question = Schon ein Konto?
login-link = Anmelden
back-to-login = Zurück zur Anmeldung
back-to-application = Zurück zu { $application }
help = Hilfe
problem = Problem:
signed-in-as = Angemeldet als { $user }

## Login

divider = oder
continue-with = Weiter mit { $provider }
continue-with-passkey = Mit Passkey fortfahren
login-page-title = Anmelden | { $application }
login-title = Willkommen
login-description = Melden Sie sich bei { $tenant } an, um mit { $application } fortzufahren.
password-page-title = Passwort eingeben | { $application }
password-title = Passwort eingeben
password-description = Geben Sie Ihr Passwort für { $tenant } ein, um mit { $application } fortzufahren.

## Signup

signup-page-title = Registrieren | { $application }
signup-title = Konto erstellen
signup-description = Registrieren Sie sich bei { $tenant }, um mit { $application } fortzufahren.

## Passwords

rules-title = Ihr Passwort muss Folgendes erfüllen:
rule-length = mindestens { $count } Zeichen
rule-lower = ein Kleinbuchstabe (a–z)
rule-upper = ein Großbuchstabe (A–Z)
rule-digit = eine Ziffer (0–9)
rule-special = ein Sonderzeichen (etwa !@#$%^&*)
rule-three-of-four = mindestens { $count } der folgenden Punkte:
rule-repeats = höchstens { $count } gleiche Zeichen hintereinander
rule-personal = kein Teil Ihres Namens, Benutzernamens oder Ihrer E-Mail-Adresse
rule-common = keines der häufigsten Passwörter
rule-history = kein Passwort, das Sie schon einmal verwendet haben
rule-met = Erfüllt:
rule-missed = Nicht erfüllt:

## Password reset

reset-page-title = Passwort zurücksetzen | { $application }
reset-request-title = Passwort vergessen?
reset-request-description = Geben Sie Ihre E-Mail-Adresse ein. Wir senden Ihnen eine Anleitung zum Zurücksetzen Ihres Passworts.
reset-sent-title = Prüfen Sie Ihr Postfach
reset-sent-description = Falls es ein Konto für { $email } gibt, haben wir eine Anleitung zum Zurücksetzen des Passworts an diese Adresse gesendet.
reset-sent-hint = Die Nachricht kann einige Minuten brauchen. Bitte sehen Sie auch im Spam-Ordner nach.
resend-question = Keine E-Mail erhalten?
resend-link = Erneut senden
reset-title = Passwort ändern
reset-description = Geben Sie unten ein neues Passwort ein.
reset-button = Passwort zurücksetzen
reset-done-title = Passwort geändert
reset-done-description = Ihr Passwort wurde geändert. Ab jetzt können Sie sich damit anmelden.
reset-expired-title = Dieser Link ist abgelaufen
reset-expired-description = Links zum Zurücksetzen eines Passworts gelten nur für begrenzte Zeit. Fordern Sie einen neuen an, um fortzufahren.
reset-used-title = Dieser Link wurde bereits verwendet
reset-used-description = Jeder Link zum Zurücksetzen eines Passworts funktioniert nur einmal. Fordern Sie einen neuen an, um fortzufahren.
reset-invalid-title = Dieser Link ist ungültig
reset-invalid-description = Bitte prüfen Sie, ob Sie den vollständigen Link aus der E-Mail geöffnet haben, oder fordern Sie einen neuen an.
reset-again = Neuen Link anfordern

## Email verification

verification-page-title = E-Mail-Bestätigung | { $application }
verified-title = E-Mail-Adresse bestätigt
verified-description = Ihre E-Mail-Adresse wurde bestätigt.
verified-already-description = Ihre E-Mail-Adresse war bereits bestätigt.
verification-failed-title = E-Mail-Adresse nicht bestätigt
verification-invalid-description = Dieser Link ist ungültig oder abgelaufen. Fordern Sie bei der Anwendung eine neue E-Mail an.
verification-error-description = Ihre E-Mail-Adresse konnte gerade nicht bestätigt werden. Bitte versuchen Sie es später noch einmal mit demselben Link.

## Consent

consent-page-title = Zugriff für { $application }
consent-title = Zugriff für { $application } erlauben
consent-greeting = Hallo { $user },
consent-message = { $application } bittet um Zugriff auf Ihr Konto bei { $tenant }.
consent-scopes = Damit kann { $application }:
consent-returns = Nach Ihrer Entscheidung kehren Sie zu { $host } zurück.
scope-openid = erfahren, wer Sie sind
scope-profile = Ihr Profil sehen, zum Beispiel Ihren Namen und Ihr Bild
scope-email = Ihre E-Mail-Adresse sehen
scope-address = Ihre Postanschrift sehen
scope-phone = Ihre Telefonnummer sehen
scope-offline = diesen Zugriff behalten, auch wenn Sie die Anwendung nicht verwenden

## Device activation

device-page-title = Gerät verbinden
device-title = Gerät verbinden
device-description = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-confirm-page-title = { $application } verbinden
device-confirm-title = Zeigt Ihr Gerät diesen Code?
device-confirm-description = Bitte bestätigen Sie, dass { $application } auf Ihrem Gerät genau diesen Code anzeigt:
device-confirm-warning = Wenn Sie dies nicht selbst begonnen haben oder das Gerät nicht kennen, wählen Sie „Abbrechen“.
device-done-title = Alles bereit
device-done-description = Ihr Gerät ist verbunden. Sie können diese Seite schließen.
device-refused-title = Gerät nicht verbunden
device-refused-description = Das Gerät hat keinen Zugriff erhalten. Sie können diese Seite schließen.

## Logout

logout-page-title = Abmelden | { $application }
logout-title = Abmelden
logout-greeting = Hallo { $user },
logout-description = Möchten Sie sich von { $application } abmelden?
logout-yes = Abmelden
logout-no = Angemeldet bleiben
logged-out-page-title = Abgemeldet | { $application }
logged-out-title = Sie sind abgemeldet
logged-out-description = Sie können diese Seite schließen.
logout-kept-page-title = Weiterhin angemeldet | { $application }
logout-kept-title = Sie sind weiterhin angemeldet

## Unblocking an account

unblock-page-title = Konto entsperrt | { $application }
unblocked-title = Konto entsperrt
unblocked-description = Ihr Konto wurde entsperrt. Sie können sich wieder anmelden.
unblock-failed-page-title = Konto nicht entsperrt | { $application }
unblock-failed-title = Konto nicht entsperrt
unblock-expired-description = Dieser Link ist abgelaufen. Versuchen Sie, sich anzumelden: Wir senden Ihnen einen neuen, falls Ihr Konto noch gesperrt ist.
unblock-used-description = Dieser Link wurde bereits verwendet. Sie können versuchen, sich anzumelden.
unblock-error-description = Etwas ist schiefgegangen. Bitte versuchen Sie es später noch einmal mit demselben Link.

## Errors

error-page-title = Etwas ist schiefgegangen | { $application }
error-generic-title = Etwas ist schiefgegangen
error-generic-description = Dieser Schritt konnte nicht abgeschlossen werden. Kehren Sie zur Anwendung zurück und versuchen Sie es noch einmal.
error-expired-title = Diese Seite ist nicht mehr gültig
error-expired-description = Die Anmeldung hat zu lange gedauert oder wurde anderswo fortgesetzt. Kehren Sie zur Anwendung zurück und melden Sie sich erneut an.
error-request-title = Die Anwendung hat eine ungültige Anfrage gesendet
error-request-description = Sie selbst können daran nichts ändern. Bitte teilen Sie den Betreibern der Anwendung mit, was unten steht.
error-denied-title = Zugriff verweigert
error-denied-description = Sie haben keinen Zugriff auf { $application }. Wenn das ein Irrtum ist, wenden Sie sich bitte an die Betreiber.
error-missing-title = Seite nicht gefunden
error-missing-description = Unter dieser Adresse gibt es nichts. Bitte prüfen Sie den Link.
error-busy-title = Gerade melden sich zu viele Personen an
error-busy-description = Bitte warten Sie einen Moment und versuchen Sie es noch einmal.
error-details = Einzelheiten
error-code = Fehler
error-tracking = Kennung

## Problems with what was entered

problem-wrong-credentials = Benutzername oder Passwort ist falsch.
problem-wrong-email-credentials = E-Mail-Adresse oder Passwort ist falsch.
problem-no-email = Bitte geben Sie eine E-Mail-Adresse ein.
problem-no-username = Bitte geben Sie einen Benutzernamen ein.
problem-no-identifier = Bitte geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.
problem-no-password = Bitte geben Sie ein Passwort ein.
problem-no-repeat = Bitte wiederholen Sie das neue Passwort.
problem-no-code = Bitte geben Sie den Code ein.
problem-invalid-email = Das ist keine gültige E-Mail-Adresse. Sie sieht so aus: name@example.com.
problem-invalid-username = Ein Benutzername hat { $min } bis { $max } Zeichen: Buchstaben, Ziffern und die Zeichen { $characters }
problem-invalid-code = Dieser Code ist ungültig oder abgelaufen. Bitte prüfen Sie ihn oder beginnen Sie auf Ihrem Gerät von vorn.
problem-user-blocked = Dieses Konto ist nach zu vielen Fehlversuchen gesperrt. Wenn es Ihres ist, suchen Sie nach einer E-Mail, die das Entsperren erklärt, oder setzen Sie Ihr Passwort zurück.
problem-account-closed = Dieses Konto wurde von der Administration gesperrt. Bitte wenden Sie sich an den Support der Anwendung.
problem-ip-blocked = Aus Ihrem Netzwerk gab es zu viele Versuche. Bitte versuchen Sie es später noch einmal oder wenden Sie sich an den Administrator.
problem-too-many = Es gab zu viele Versuche. Bitte warten Sie eine Weile und versuchen Sie es noch einmal.
problem-too-many-signups = Aus Ihrem Netzwerk wurden zu viele Konten erstellt. Bitte versuchen Sie es später noch einmal.
problem-signup-refused = Mit diesen Angaben konnten wir kein Konto erstellen. Wenn Sie schon ein Konto haben, melden Sie sich an oder setzen Sie Ihr Passwort zurück.
problem-signup-disabled = Hier können keine neuen Konten erstellt werden.
problem-password-weak = Dieses Passwort ist zu schwach. Bitte beachten Sie die Regeln unten.
problem-password-common = Dieses Passwort ist zu verbreitet und leicht zu erraten. Bitte wählen Sie ein anderes.
problem-password-used = Dieses Passwort haben Sie schon einmal verwendet. Bitte wählen Sie ein anderes.
problem-password-personal = Ihr Passwort enthält Teile Ihrer persönlichen Angaben. Bitte wählen Sie ein anderes.
problem-password-long = Dieses Passwort ist zu lang. Bitte verwenden Sie höchstens { $max } Zeichen.
problem-password-mismatch = Die beiden Passwörter stimmen nicht überein.
problem-stale = Diese Seite war zu lange geöffnet. Bitte geben Sie Ihre Daten noch einmal ein.
problem-passkey = Der Passkey wurde nicht angenommen. Vielleicht wurde er entfernt oder gehört zu einem anderen Konto. Versuchen Sie es noch einmal, oder melden Sie sich mit Ihrem Passwort an.
problem-busy = Gerade melden sich zu viele Personen an. Bitte warten Sie einen Moment und versuchen Sie es noch einmal.
problem-failure = Etwas ist schiefgegangen. Bitte versuchen Sie es später noch einmal.

## Pages between two sites

relay-page-title = Wird geladen …
relay-description = Wenn nichts geschieht, drücken Sie die Schaltfläche, um fortzufahren.
